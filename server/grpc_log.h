// What gRPC says of itself, such as of connections that begin with no
// handshake, in the server's own log, where it cannot fill the disk.

#ifndef MOEVIT_SERVER_GRPC_LOG_H_
#define MOEVIT_SERVER_GRPC_LOG_H_

namespace moevit {

// From now on gRPC's errors are warnings in the log, a few a minute. Call it
// before anything of gRPC. With gRPC 1.65 and later, which logs through Abseil,
// it does nothing.
void RouteGrpcLog();

}  // namespace moevit

#endif  // MOEVIT_SERVER_GRPC_LOG_H_
