#include "server/client_id.h"

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(ClientIdTest, ConnectionsFromOneAddressAreOneClient) {
  EXPECT_EQ(WithoutPort("ipv4:10.0.0.7:51234"), "ipv4:10.0.0.7");
  EXPECT_EQ(WithoutPort("ipv4:10.0.0.7:51235"), "ipv4:10.0.0.7");
  EXPECT_EQ(WithoutPort("ipv6:%5B::1%5D:51234"), "ipv6:%5B::1%5D");
  EXPECT_EQ(WithoutPort("ipv6:[fe80::1]:51234"), "ipv6:[fe80::1]");
}

TEST(ClientIdTest, WhatHasNoPortStaysAsItIs) {
  EXPECT_EQ(WithoutPort("unix:/run/moevit.sock"), "unix:/run/moevit.sock");
  EXPECT_EQ(WithoutPort(""), "");
}

}  // namespace
}  // namespace moevit
