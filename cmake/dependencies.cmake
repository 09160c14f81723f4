# Everything the project links against; all of it is packaged by Debian 12
# (deploy/packages.txt names the packages).

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PNG REQUIRED)
find_package(libjpeg-turbo REQUIRED)
find_package(nlohmann_json REQUIRED)
# Any gRPC from 1.51 on, with the Protocol Buffers it was built with: a newer one
# than Debian's is found through CMAKE_PREFIX_PATH. Only such come with a
# configuration, which knows what else to link.
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf REQUIRED)
endif()
find_package(gRPC REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(civetweb REQUIRED)
if(MOEVIT_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
