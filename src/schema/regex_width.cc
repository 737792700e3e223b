#include "schema/regex_width.h"

#include <algorithm>

namespace gatehouse::schema {
namespace {

struct Measure {
  double width = 0;
  double shortest = 0;  // characters of its shortest match
  double longest = 0;

  double spread() const { return longest > shortest ? longest - shortest : 0; }
};

// `entries`: at how many places of a text it may have been entered.
Measure measure(const RegexForm& form, double entries) {
  Measure all;
  switch (form.kind) {
    case RegexForm::Kind::nothing: return {1, 0, 0};
    case RegexForm::Kind::character: return {1, 1, 1};
    case RegexForm::Kind::sequence:
      for (const RegexForm& part : form.parts) {
        const Measure one = measure(part, entries);
        all.width += one.width;
        all.shortest += one.shortest;
        all.longest += one.longest;
        entries += one.spread();
      }
      return all;
    case RegexForm::Kind::either:
      all.shortest = kUnlimited;
      for (const RegexForm& part : form.parts) {
        const Measure one = measure(part, entries);
        all.width += one.width;
        all.shortest = std::min(all.shortest, one.shortest);
        all.longest = std::max(all.longest, one.longest);
      }
      return all;
    case RegexForm::Kind::repetition: break;
  }
  const bool endless = form.most == kUnlimited;
  const double copies = std::max(endless ? form.least : form.most, 1.0);
  const bool once = copies == 1 && !endless;
  const Measure inside = measure(form.parts.front(), once ? entries : kUnlimited);
  all.width = copies * inside.width;
  // Of equally long copies, each entry is in one.
  if (!endless && inside.spread() == 0) {
    all.width = std::min(all.width, entries * measure(form.parts.front(), 1).width);
  }
  all.shortest = inside.shortest * form.least;
  all.longest = inside.longest > 0 ? inside.longest * form.most : 0;
  return all;
}

}  // namespace

double width_of(const RegexForm& form, Beginning beginning) {
  return measure(form, beginning == Beginning::at_start ? 1 : kUnlimited).width;
}

}  // namespace gatehouse::schema
