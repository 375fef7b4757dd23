// The characters of XML 1.0.
#pragma once

#include <string>
#include <string_view>

namespace ipam::model {

// Well-formed UTF-8 of characters that a document may have ([XML] 2.2).
bool IsXmlText(std::string_view text);

// What is not becomes U+FFFD.
std::string ToXmlText(std::string_view text);

// For a text or an attribute in double quotes. `text` must be XML text.
void AppendEscaped(std::string_view text, std::string& out);

}  // namespace ipam::model
