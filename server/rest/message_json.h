// Protocol messages as JSON, in the form of the Open Inference Protocol.
//
// protobuf's own converter writes 64-bit integers as strings, which clients of
// this protocol do not read.

#ifndef MOEVIT_SERVER_REST_MESSAGE_JSON_H_
#define MOEVIT_SERVER_REST_MESSAGE_JSON_H_

#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace moevit {

// Field names as in the .proto file, numbers as numbers, enums by name,
// durations in seconds. Scalars and lists are there even if they are not set;
// messages and members of a oneof only if they are.
nlohmann::json MessageToJson(const google::protobuf::Message& message);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_MESSAGE_JSON_H_
