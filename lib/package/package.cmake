# What is installed beside the program: the shared library, a static one, the header, files for pkg-config and CMake,
# manual pages. Both libraries keep what they bring along (mbedTLS, llhttp) inside and show afetch_* alone, so a program
# may have an mbedTLS of its own beside them. libuv, c-ares, libidn2 and the like stay shared libraries of the system.
#
# Not with sanitizers: their runtime belongs to the program, and a library that wants it is of no use to others.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(installable ON)
set(mergeable ON)
if(AFETCH_SANITIZE)
    set(installable OFF)
endif()
if(APPLE OR NOT CMAKE_OBJCOPY)
    set(mergeable OFF)
endif()
include(CMakeDependentOption)
cmake_dependent_option(AFETCH_SHARED "build and install the shared library" ON "installable" OFF)
cmake_dependent_option(AFETCH_STATIC "build and install the static library" ON "installable;mergeable" OFF)

# What is linked into the library, and what a program needs beside it.
set(inside)
set(outside)
foreach(target afetch_mbedtls afetch_llhttp)
    get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
    foreach(library IN LISTS libraries)
        if(library STREQUAL "Threads::Threads")
            continue()
        elseif(TARGET ${library})
            list(APPEND inside $<TARGET_FILE:${library}>)
        elseif(library MATCHES "\\.a$")
            list(APPEND inside ${library})
        else()
            list(APPEND outside ${library})
        endif()
    endforeach()
endforeach()

# ---- the shared library -----------------------------------------------------------------------------------------------

if(AFETCH_SHARED)
    add_library(afetch_shared SHARED $<TARGET_OBJECTS:afetch_objects>)
    # The number goes up when a program must be compiled anew: a function or a member of a struct is gone or has moved.
    set_target_properties(afetch_shared PROPERTIES OUTPUT_NAME afetch EXPORT_NAME afetch LINKER_LANGUAGE C
                                                   VERSION ${PROJECT_VERSION} SOVERSION 0)
    target_include_directories(afetch_shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    # None of it is a matter of those who link with the library.
    foreach(library afetch_flags afetch_mbedtls afetch_llhttp ${afetch_libraries} Threads::Threads)
        target_link_libraries(afetch_shared PRIVATE $<BUILD_INTERFACE:${library}>)
    endforeach()
    if(APPLE)
        set(exports ${CMAKE_CURRENT_SOURCE_DIR}/package/exports.macos)
        target_link_options(afetch_shared PRIVATE -Wl,-exported_symbols_list,${exports})
    else()
        set(exports ${CMAKE_CURRENT_SOURCE_DIR}/package/exports.map)
        target_link_options(afetch_shared PRIVATE -Wl,--version-script=${exports} -Wl,-z,defs)
    endif()
    set_property(TARGET afetch_shared PROPERTY LINK_DEPENDS ${exports})
endif()

# ---- the static library -----------------------------------------------------------------------------------------------

# One object in which everything but afetch_* has become local. Whoever links it needs no mbedTLS, and meets none.
if(AFETCH_STATIC)
    set(merged ${CMAKE_CURRENT_BINARY_DIR}/package/afetch.o)
    set(archive ${CMAKE_CURRENT_BINARY_DIR}/package/libafetch.a)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/package)
    separate_arguments(flags NATIVE_COMMAND "${CMAKE_C_FLAGS}")
    add_custom_command(
        OUTPUT ${archive}
        COMMAND ${CMAKE_C_COMPILER} ${flags} -r -nostdlib -o ${merged} $<TARGET_OBJECTS:afetch_objects>
                -Wl,--start-group ${inside} -Wl,--end-group
        COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=afetch_* ${merged}
        COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
        COMMAND ${CMAKE_AR} rcs ${archive} ${merged}
        DEPENDS afetch_objects $<TARGET_OBJECTS:afetch_objects> ${inside}
        COMMENT "Merging the static library" COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(afetch_static ALL DEPENDS ${archive})
    install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

# ---- how others find it -----------------------------------------------------------------------------------------------

if(AFETCH_SHARED OR AFETCH_STATIC)
    install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/afetch.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

    set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/afetch)
    set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    set(pc_modules libuv libcares libidn2 zlib)
    set(optional)
    foreach(pair BROTLI:libbrotlidec ZSTD:libzstd PSL:libpsl)
        string(REPLACE ":" ";" pair ${pair})
        list(GET pair 0 name)
        list(GET pair 1 module)
        if(AFETCH_${name})
            list(APPEND pc_modules ${module})
            string(APPEND optional ", ${module}")
        endif()
    endforeach()
    # Private to the shared library, which brings them along: only the archive makes its users have them.
    set(pc_requires)
    set(pc_libs_private)
    if(AFETCH_STATIC)
        set(pc_requires "libuv >= 1.44, libcares >= 1.18, libidn2, zlib${optional}")
        foreach(library IN LISTS outside)
            get_filename_component(name ${library} NAME_WE)
            string(REGEX REPLACE "^lib" "-l" name ${name})
            string(APPEND pc_libs_private "${name} ")
        endforeach()
        string(APPEND pc_libs_private "-pthread")
    endif()
    # Found from where its file lies, so that the whole may be moved; but a distribution may name absolute folders.
    file(RELATIVE_PATH up /prefix/${pc_dir} /prefix)
    string(REGEX REPLACE "/$" "" up ${up})
    set(pc_prefix "\${pcfiledir}/${up}")
    if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
        set(pc_prefix ${CMAKE_INSTALL_PREFIX})
    endif()
    foreach(which libdir includedir)
        string(TOUPPER ${which} upper)
        set(pc_${which} "\${prefix}/${CMAKE_INSTALL_${upper}}")
        if(IS_ABSOLUTE ${CMAKE_INSTALL_${upper}})
            set(pc_${which} ${CMAKE_INSTALL_${upper}})
        endif()
    endforeach()
    configure_file(package/libafetch.pc.in package/libafetch.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/package/libafetch.pc DESTINATION ${pc_dir})

    set(afetch_archive ${CMAKE_INSTALL_LIBDIR}/libafetch.a)
    configure_package_config_file(package/afetchConfig.cmake.in package/afetchConfig.cmake INSTALL_DESTINATION ${cmake_dir}
                                  PATH_VARS CMAKE_INSTALL_INCLUDEDIR afetch_archive)
    # Before 1.0 a new minor version may change what there is.
    write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/package/afetchConfigVersion.cmake
                                     COMPATIBILITY SameMinorVersion)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/package/afetchConfig.cmake
                  ${CMAKE_CURRENT_BINARY_DIR}/package/afetchConfigVersion.cmake DESTINATION ${cmake_dir})
    if(AFETCH_SHARED)
        install(TARGETS afetch_shared EXPORT afetchTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
        install(EXPORT afetchTargets NAMESPACE afetch:: DESTINATION ${cmake_dir})
    endif()
    install(FILES ${PROJECT_SOURCE_DIR}/man/libafetch.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/man/afetch.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
