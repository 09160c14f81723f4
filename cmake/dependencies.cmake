# Everything the project links against; all of it is packaged by Debian 12
# (deploy/packages.txt names the packages).

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PNG REQUIRED)
find_package(libjpeg-turbo REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC REQUIRED)
find_package(prometheus-cpp REQUIRED)
if(MOEVIT_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
