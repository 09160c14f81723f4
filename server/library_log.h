// What gRPC and protobuf say of themselves, such as of connections that begin
// with no handshake or of strings that are no UTF-8, in the server's own log,
// where clients cannot fill the disk with it.

#ifndef MOEVIT_SERVER_LIBRARY_LOG_H_
#define MOEVIT_SERVER_LIBRARY_LOG_H_

namespace moevit {

// From now on the libraries' errors are warnings in the log, a few a minute.
// Call it before anything of gRPC. Does nothing for gRPC 1.65, protobuf 22 and
// later, which log through Abseil.
void RouteLibraryLogs();

}  // namespace moevit

#endif  // MOEVIT_SERVER_LIBRARY_LOG_H_
