# Any version from the one that is asked for, as Zephyr's own package accepts.
set(PACKAGE_VERSION 3.5.0)
if(STUB_VERSION)
    set(PACKAGE_VERSION ${STUB_VERSION})
endif()
set(PACKAGE_VERSION_COMPATIBLE TRUE)
if(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION)
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
endif()
