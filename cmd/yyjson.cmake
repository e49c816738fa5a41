# yyjson, as the target afetch_yyjson: the source that tests/setup.sh brought, else the system's, else the release. Its
# source is one file, and is linked in statically.
set(yyjson_source "")
if(EXISTS ${AFETCH_DEPS}/yyjson-src/src/yyjson.c)
    set(yyjson_source ${AFETCH_DEPS}/yyjson-src)
else()
    pkg_check_modules(YYJSON IMPORTED_TARGET yyjson>=0.6)
    if(NOT YYJSON_FOUND)
        include(FetchContent)
        # 0.10.0
        FetchContent_Declare(yyjson GIT_REPOSITORY https://github.com/ibireme/yyjson.git
                             GIT_TAG 9ddba001a4ea88e93b46932e5c5b87b222e19a5f SOURCE_SUBDIR none)
        FetchContent_MakeAvailable(yyjson)
        set(yyjson_source ${yyjson_SOURCE_DIR})
    endif()
endif()
if(yyjson_source)
    add_library(afetch_yyjson STATIC ${yyjson_source}/src/yyjson.c)
    target_include_directories(afetch_yyjson SYSTEM PUBLIC ${yyjson_source}/src)
else()
    add_library(afetch_yyjson INTERFACE)
    target_link_libraries(afetch_yyjson INTERFACE PkgConfig::YYJSON)
endif()
