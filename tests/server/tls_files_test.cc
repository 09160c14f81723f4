#include "server/tls_files.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/memory_file.h"
#include "tests/server/temporary_directory.h"
#include "tests/server/test_certificates.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() {
    Write(files_.certificate, identity_.certificate);
    Write(files_.key, identity_.key);
    Write(files_.client_ca, authority_.certificate());
  }

  static void Write(const std::string& path, const std::string& content) {
    ASSERT_TRUE(WriteFile(path, content).ok());
  }

  absl::Status Error() const { return ReadTlsFiles(files_).status(); }

  TestAuthority authority_;
  const TestIdentity identity_ = authority_.Issue("server");
  TemporaryDirectory directory_;
  const TlsFiles files_ = {.certificate = directory_.path() + "/tls.crt",
                           .key = directory_.path() + "/tls.key",
                           .client_ca = directory_.path() + "/ca.crt"};
};

TEST_F(TlsFilesTest, ReadsWhatBelongsTogether) {
  const auto material = ReadTlsFiles(files_);
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_THAT(material->identity, AllOf(HasSubstr(identity_.certificate),
                                        HasSubstr(identity_.key)));
  EXPECT_EQ(material->client_ca, authority_.certificate());
}

TEST_F(TlsFilesTest, NamesAMissingFile) {
  for (const std::string& path :
       {files_.certificate, files_.key, files_.client_ca}) {
    std::filesystem::rename(path, path + ".away");
    EXPECT_EQ(Error().code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(Error().message(), HasSubstr(path));
    std::filesystem::rename(path + ".away", path);
  }
}

TEST_F(TlsFilesTest, NamesAFileThatIsNotWhatItShouldBe) {
  Write(files_.key, "not PEM");
  EXPECT_THAT(Error().message(),
              HasSubstr(absl::StrCat(files_.key, " holds no private key")));
  Write(files_.certificate, identity_.key);
  EXPECT_THAT(
      Error().message(),
      HasSubstr(absl::StrCat(files_.certificate, " holds no certificate")));
}

TEST_F(TlsFilesTest, NamesAClientAuthorityThatIsCutOff) {
  const std::string pem = authority_.certificate();
  Write(files_.client_ca, pem + pem.substr(0, pem.size() / 2));
  EXPECT_EQ(Error().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Error().message(),
              HasSubstr(absl::StrCat(files_.client_ca, " holds a damaged")));
}

TEST_F(TlsFilesTest, NamesBothWhenTheKeyIsAnothers) {
  Write(files_.key, authority_.Issue("other").key);
  EXPECT_EQ(Error().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Error().message(),
              AllOf(HasSubstr(files_.key), HasSubstr(files_.certificate),
                    HasSubstr("is not that of")));
}

TEST_F(TlsFilesTest, WarnsOfACertificateOutOfItsTime) {
  const absl::Time end = absl::FromUnixSeconds(4'000'000'000);
  Write(files_.certificate, "");
  const TestIdentity late = authority_.Issue("server", end);
  Write(files_.certificate, late.certificate);
  Write(files_.key, late.key);
  const TlsMaterial material = ReadTlsFiles(files_).value();
  EXPECT_EQ(ValidityWarning(material, end - absl::Hours(24 * 8)), "");
  EXPECT_THAT(ValidityWarning(material, end - absl::Hours(24 * 6)),
              HasSubstr("expires at 2096-10-02T07:06:40"));
  EXPECT_THAT(ValidityWarning(material, end), HasSubstr("expired"));
  EXPECT_THAT(ValidityWarning(material, absl::UnixEpoch()),
              HasSubstr("not valid before"));
}

TEST(TlsFilesOptionsTest, NoneWithoutTheOthersItNeeds) {
  EXPECT_TRUE(TlsFiles().Validate().ok());
  EXPECT_THAT((TlsFiles{.certificate = "a", .key = "", .client_ca = ""})
                  .Validate()
                  .message(),
              HasSubstr("tls_key"));
  EXPECT_THAT((TlsFiles{.certificate = "", .key = "", .client_ca = "c"})
                  .Validate()
                  .message(),
              HasSubstr("tls_client_ca is 'c'"));
}

TEST(MemoryFileTest, ReplacesItsContentAsAWhole) {
  MemoryFile file = MemoryFile::Create("first").value();
  const std::string path = file.path();
  EXPECT_EQ(ReadFile(path, 100).value(), "first");
  ASSERT_TRUE(file.Replace("2").ok());
  EXPECT_EQ(file.path(), path);
  EXPECT_EQ(ReadFile(path, 100).value(), "2");
}

}  // namespace
}  // namespace moevit
