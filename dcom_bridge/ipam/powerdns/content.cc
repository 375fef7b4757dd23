#include "dcom_bridge/ipam/powerdns/content.h"

#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ipam::powerdns {
namespace {

// A <character-string> has at most 255 octets; longer texts are several.
constexpr std::size_t kMaxString = 255;

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  std::size_t length = 0;
  for (const char c : text) {
    if (length++ == kMaxString) {
      out += "\" \"";
      length = 1;
    }
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (octet < 0x20 || octet > 0x7E) {
      out += absl::StrFormat("\\%03d", octet);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

// "hostmaster@example.org" is a name too: the sign is a dot.
std::string Mailbox(std::string person) {
  const std::size_t at = person.find('@');
  if (at != std::string::npos) person[at] = '.';
  return Canonical(person);
}

std::string Soa(const v1::DnsResourceRecordDataSoa& soa) {
  return absl::StrCat(Canonical(soa.primary_server()), " ", Mailbox(soa.responsible_person()), " ",
                      soa.serial_number(), " ", soa.refresh_interval().seconds(), " ",
                      soa.retry_delay().seconds(), " ", soa.expire_limit().seconds(), " ",
                      soa.minimum_ttl().seconds());
}

}  // namespace

std::string Canonical(const std::string& name) {
  std::string out = absl::AsciiStrToLower(name);
  if (!out.ends_with('.')) out.push_back('.');
  return out;
}

std::string TypeName(v1::DnsResourceRecordType type) {
  const std::string name = v1::DnsResourceRecordType_Name(type);
  return name.substr(name.rfind('_') + 1);
}

std::optional<std::string> Content(const v1::DnsResourceRecord& record) {
  using Data = v1::DnsResourceRecordData;
  const Data& data = record.record_data();
  switch (data.variant_case()) {
    case Data::kA:
      return data.a().address();
    case Data::kAaaa:
      return data.aaaa().address();
    case Data::kPtr:
      return Canonical(data.ptr().hostname());
    case Data::kNs:
      return Canonical(data.ns().name_server());
    case Data::kCname:
      return Canonical(data.cname().hostname_alias());
    case Data::kDname:
      return Canonical(data.dname().domain_name_alias());
    case Data::kMx:
      return absl::StrCat(data.mx().preference(), " ", Canonical(data.mx().mail_server()));
    case Data::kSrv:
      return absl::StrCat(data.srv().priority(), " ", data.srv().weight(), " ", data.srv().port(), " ",
                          Canonical(data.srv().server_name()));
    case Data::kTxt:
      return Quoted(data.txt().text());
    case Data::kAfsdb:
      return absl::StrCat(data.afsdb().subtype(), " ", Canonical(data.afsdb().server_name()));
    case Data::kDhcid:
      return data.dhcid().dhcid();
    case Data::kHinfo:
      return absl::StrCat(Quoted(data.hinfo().cpu()), " ", Quoted(data.hinfo().operating_system()));
    case Data::kRp:
      return absl::StrCat(Mailbox(data.rp().responsible_person()), " ", Canonical(data.rp().description()));
    case Data::kSoa:
      return Soa(data.soa());
    default:  // ATMA, ISDN, RT, WINS, WINSR, WKS, X25
      return std::nullopt;
  }
}

std::string ZoneId(const std::string& zone) {
  std::string out;
  for (const char c : Canonical(zone)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_') {
      out.push_back(c);
    } else {
      out += absl::StrFormat("=%02X", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace ipam::powerdns
