#ifndef ZEPHYR_DEVICETREE_H
#define ZEPHYR_DEVICETREE_H

#define DT_NODELABEL(label) label

#endif
