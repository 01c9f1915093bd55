# What a project's CMake files call of Zephyr, for the desktop. AUTOCONF: the header with the settings; CONFIG_TINYSER
# comes from them, too.
project(Zephyr-Kernel LANGUAGES C)
add_library(zephyr_interface INTERFACE)
target_include_directories(zephyr_interface INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_compile_options(zephyr_interface INTERFACE
    -Wall -Wextra -Werror -imacros ${AUTOCONF} -g -fsanitize=address,undefined -fno-sanitize-recover=all)
target_link_options(zephyr_interface INTERFACE -fsanitize=address,undefined)

add_library(app STATIC)
target_compile_definitions(app PRIVATE main=application)
add_executable(desktop ${CMAKE_CURRENT_LIST_DIR}/desktop.c)
target_link_libraries(app PUBLIC zephyr_interface)
target_link_libraries(desktop PRIVATE app)

macro(zephyr_library_named name)
    set(ZEPHYR_CURRENT_LIBRARY ${name})
    add_library(${name} STATIC)
    target_link_libraries(${name} PRIVATE zephyr_interface)
    target_link_libraries(app PRIVATE ${name})
endmacro()
function(zephyr_library_sources)
    target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
function(zephyr_library_compile_options)
    target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
function(zephyr_include_directories)
    target_include_directories(zephyr_interface INTERFACE ${ARGN})
endfunction()

foreach(ZEPHYR_CURRENT_MODULE_DIR ${EXTRA_ZEPHYR_MODULES})
    add_subdirectory(${ZEPHYR_CURRENT_MODULE_DIR}/zephyr module)
endforeach()
