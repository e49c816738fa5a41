# Where mbedTLS comes from (AFETCH_MBEDTLS), as the one target afetch_mbedtls.
#   auto    its released source, built with lib/mbedtls/user_config.h, where that can be had; else the system's
#   source  the former, or an error
#   system  the system's, 3.6 or newer
# The source: FETCHCONTENT_SOURCE_DIR_MBEDTLS, else what tests/setup.sh brought into AFETCH_DEPS, else the release.
set(AFETCH_MBEDTLS auto CACHE STRING "where mbedTLS comes from: auto, source or system")
set_property(CACHE AFETCH_MBEDTLS PROPERTY STRINGS auto source system)

set(mbedtls_url https://github.com/Mbed-TLS/mbedtls/releases/download/mbedtls-3.6.2/mbedtls-3.6.2.tar.bz2)
set(mbedtls_hash 8b54fb9bcf4d5a7078028e0520acddefb7900b3e66fec7f7175bb5b7d85ccdca)

# Sets result to whether the system has one that will do, and then makes the target.
function(afetch_mbedtls_from_system result)
    set(${result} FALSE PARENT_SCOPE)
    find_path(MBEDTLS_INCLUDE mbedtls/build_info.h)
    find_library(MBEDTLS_LIB mbedtls)
    find_library(MBEDX509_LIB mbedx509)
    find_library(MBEDCRYPTO_LIB mbedcrypto)
    if(NOT MBEDTLS_INCLUDE OR NOT MBEDTLS_LIB OR NOT MBEDX509_LIB OR NOT MBEDCRYPTO_LIB)
        return()
    endif()
    file(STRINGS ${MBEDTLS_INCLUDE}/mbedtls/build_info.h line REGEX "define MBEDTLS_VERSION_STRING ")
    string(REGEX MATCH "[0-9.]+" version "${line}")
    if(version VERSION_LESS 3.6 OR NOT version VERSION_LESS 4)
        message(STATUS "the system's mbedTLS is ${version}: 3.6 is wanted")
        return()
    endif()
    message(STATUS "mbedTLS ${version}: the system's")
    add_library(afetch_mbedtls INTERFACE)
    target_include_directories(afetch_mbedtls SYSTEM INTERFACE ${MBEDTLS_INCLUDE})
    target_link_libraries(afetch_mbedtls INTERFACE ${MBEDTLS_LIB} ${MBEDX509_LIB} ${MBEDCRYPTO_LIB})
    set(${result} TRUE PARENT_SCOPE)
endfunction()

# Sets result to the source's folder, or to nothing if it cannot be had.
function(afetch_mbedtls_find_source result)
    set(${result} "" PARENT_SCOPE)
    if(NOT FETCHCONTENT_SOURCE_DIR_MBEDTLS AND EXISTS ${AFETCH_DEPS}/mbedtls-src/CMakeLists.txt)
        set(FETCHCONTENT_SOURCE_DIR_MBEDTLS ${AFETCH_DEPS}/mbedtls-src)
    endif()
    if(FETCHCONTENT_SOURCE_DIR_MBEDTLS)
        set(${result} ${FETCHCONTENT_SOURCE_DIR_MBEDTLS} PARENT_SCOPE)
        return()
    endif()
    # FetchContent cannot fail softly, so what it is given is fetched here.
    set(tarball ${AFETCH_DEPS}/mbedtls.tar.bz2)
    if(NOT EXISTS ${tarball})
        message(STATUS "fetching mbedTLS's released source")
        file(DOWNLOAD ${mbedtls_url} ${tarball}.part INACTIVITY_TIMEOUT 20 STATUS status)
        list(GET status 0 rc)
        if(NOT rc EQUAL 0)
            message(STATUS "mbedTLS's source could not be fetched: ${status}")
            file(REMOVE ${tarball}.part)
            return()
        endif()
        file(RENAME ${tarball}.part ${tarball})
    endif()
    include(FetchContent)
    # The folder that isn't there keeps FetchContent from adding mbedTLS's own targets to ours.
    FetchContent_Declare(mbedtls URL ${tarball} URL_HASH SHA256=${mbedtls_hash} SOURCE_SUBDIR none
                         DOWNLOAD_EXTRACT_TIMESTAMP FALSE)
    FetchContent_MakeAvailable(mbedtls)
    set(${result} ${mbedtls_SOURCE_DIR} PARENT_SCOPE)
endfunction()

# Builds mbedTLS once for all presets whose flags for it agree, since it takes longer than all of afetch. The plain copy
# serves gcc and clang, and AddressSanitizer too; ThreadSanitizer must see its locks.
function(afetch_mbedtls_from_source source)
    set(config ${CMAKE_SOURCE_DIR}/lib/mbedtls/user_config.h)
    set(flags "-O2 -g0 -fstack-protector-strong")
    set(kind plain)
    if(AFETCH_SANITIZE STREQUAL thread)
        set(flags "-O2 -g0 -fsanitize=thread")
        set(kind tsan-${CMAKE_C_COMPILER_ID}-${CMAKE_C_COMPILER_VERSION})
    endif()
    file(STRINGS ${source}/include/mbedtls/build_info.h line REGEX "define MBEDTLS_VERSION_STRING ")
    string(REGEX MATCH "[0-9.]+" version "${line}")
    file(SHA256 ${config} config_hash)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${config})
    string(SHA256 key "${config_hash} ${version} ${flags} ${kind} ${CMAKE_SYSTEM_PROCESSOR}")
    string(SUBSTRING ${key} 0 12 key)
    set(built ${AFETCH_DEPS}/mbedtls-${kind}-${key})
    file(LOCK ${built}.lock GUARD FUNCTION TIMEOUT 600)
    if(NOT EXISTS ${built}/ready)
        message(STATUS "mbedTLS ${version}: building it once (${kind}) from ${source}")
        file(REMOVE_RECURSE ${built})
        execute_process(
            COMMAND ${CMAKE_COMMAND} -S ${source} -B ${built}/build -G ${CMAKE_GENERATOR}
                    -DCMAKE_MAKE_PROGRAM=${CMAKE_MAKE_PROGRAM} -DCMAKE_BUILD_TYPE=None
                    -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER} "-DCMAKE_C_FLAGS=${flags}" -DGEN_FILES=OFF
                    -DENABLE_TESTING=OFF -DENABLE_PROGRAMS=OFF -DMBEDTLS_FATAL_WARNINGS=OFF
                    -DUSE_STATIC_MBEDTLS_LIBRARY=ON -DUSE_SHARED_MBEDTLS_LIBRARY=OFF
                    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX=${built} -DCMAKE_INSTALL_LIBDIR=lib
                    -DMBEDTLS_USER_CONFIG_FILE=${config}
            RESULT_VARIABLE rc OUTPUT_VARIABLE output ERROR_VARIABLE output)
        if(rc EQUAL 0)
            execute_process(
                COMMAND ${CMAKE_COMMAND} --build ${built}/build --parallel --target install
                RESULT_VARIABLE rc OUTPUT_VARIABLE output ERROR_VARIABLE output)
        endif()
        if(NOT rc EQUAL 0)
            message(FATAL_ERROR "mbedTLS does not build:\n${output}")
        endif()
        foreach(name everest p256m)
            if(NOT EXISTS ${built}/lib/lib${name}.a)
                file(GLOB_RECURSE found ${built}/build/3rdparty/lib${name}.a)
                file(COPY ${found} DESTINATION ${built}/lib)
            endif()
        endforeach()
        file(REMOVE_RECURSE ${built}/build)
        file(TOUCH ${built}/ready)
    endif()
    message(STATUS "mbedTLS ${version}: ${built}")
    set(libraries)
    foreach(name mbedtls mbedx509 mbedcrypto everest p256m)
        list(APPEND libraries ${built}/lib/lib${name}.a)
    endforeach()
    add_library(afetch_mbedtls INTERFACE)
    target_include_directories(afetch_mbedtls SYSTEM INTERFACE ${built}/include)
    target_compile_definitions(afetch_mbedtls INTERFACE MBEDTLS_USER_CONFIG_FILE="${config}")
    target_link_libraries(afetch_mbedtls INTERFACE ${libraries} Threads::Threads)
endfunction()

set(found FALSE)
if(NOT AFETCH_MBEDTLS STREQUAL system)
    afetch_mbedtls_find_source(source)
    if(source)
        afetch_mbedtls_from_source(${source})
        set(found TRUE)
    endif()
endif()
if(NOT found AND NOT AFETCH_MBEDTLS STREQUAL source)
    afetch_mbedtls_from_system(found)
endif()
if(NOT found)
    message(FATAL_ERROR "no mbedTLS 3.6 for AFETCH_MBEDTLS=${AFETCH_MBEDTLS}; sh tests/setup.sh brings its source")
endif()
