#include "server/status_page.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "server/status_page_html.h"

namespace moevit {
namespace {

// How a policy names the text of the page's only <tag>.
std::string DigestOf(absl::string_view tag) {
  absl::string_view text = StatusPage();
  const std::string opening = absl::StrCat("<", std::string(tag), ">");
  const std::string closing = absl::StrCat("</", std::string(tag), ">");
  text.remove_prefix(text.find(opening) + opening.size());
  text = text.substr(0, text.find(closing));
  return absl::StrCat(
      "'sha256-", absl::Base64Escape(absl::HexStringToBytes(Sha256Hex(text))),
      "'");
}

}  // namespace

absl::string_view StatusPage() { return kStatusPageHtml; }

std::string StatusPagePolicy() {
  return absl::StrCat(
      "Content-Security-Policy: default-src 'none'; script-src ",
      DigestOf("script"), "; style-src ", DigestOf("style"),
      "; connect-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'");
}

}  // namespace moevit
