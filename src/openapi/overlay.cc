#include "openapi/overlay.h"

#include <algorithm>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "doc/reader.h"
#include "openapi/json_path.h"
#include "openapi/tree.h"

namespace gatehouse::openapi {
namespace {

// Overlay 1.0.0 section 4.4.3.2: objects are merged, arrays get what they do not have yet at their end, and
// any other value is replaced.
void merge(Tree& into, Tree update) {
  if (into.kind == json::Kind::array && update.kind == json::Kind::array) {
    into.inside.splice(into.inside.end(), update.inside);
    return;
  }
  if (into.kind != json::Kind::object || update.kind != json::Kind::object) {
    update.key = std::move(into.key);
    update.key_offset = into.key_offset;
    into = std::move(update);
    return;
  }
  for (Tree& member : update.inside) {
    if (Tree* const known = into.find(member.key)) {
      merge(*known, std::move(member));
    } else {
      into.inside.push_back(std::move(member));
    }
  }
}

void remove(Tree& tree) {
  std::list<Tree>& siblings = tree.around->inside;
  for (auto at = siblings.begin(); at != siblings.end(); ++at) {
    if (&*at != &tree) continue;
    siblings.erase(at);
    return;
  }
}

int depth_of(const Tree& tree) {
  int depth = 0;
  for (const Tree* at = tree.around; at != nullptr; at = at->around) ++depth;
  return depth;
}

void apply(const doc::Field& action, std::uint32_t shift, Tree& root) {
  doc::Reader in(action);
  in.ignore({"description"});
  const auto target = in.required_field("target");
  const auto path = target ? target->text() : std::nullopt;
  const bool removes = in.optional("remove", doc::as_boolean).value_or(false);
  const auto update = in.take("update");
  in.finish(doc::Extensions::allowed);
  if (!path) return;
  if (removes == update.has_value()) return action.problem("has one of `update` and `remove: true`");
  link(root);
  auto selected = select(*path, root);
  if (!selected) return target->problem("`" + *path + "` is not a JSONPath: " + selected.error());
  if (selected->empty())
    return target->problem("`" + *path + "` selects nothing; correct it, or remove the action");
  // The innermost first: what is around a value may take it away, or put another in its place.
  std::ranges::stable_sort(*selected, std::ranges::greater(), [](const Tree* one) { return depth_of(*one); });
  for (Tree* const one : *selected) {
    Tree& tree = *one;
    if (removes) {
      if (tree.around == nullptr) return target->problem("the document itself cannot be removed");
      remove(tree);
    } else if (tree.kind == json::Kind::object && update->is_object()) {
      merge(tree, tree_of(update->value(), shift));
    } else if (tree.kind == json::Kind::array) {
      tree.inside.push_back(tree_of(update->value(), shift));
    } else {
      return target->problem(
          "`" + *path +
          "` selects what is neither an object, for an `update` that is one, nor an array; "
          "select what is around it");
    }
  }
}

void apply_all(const doc::Source& overlay, std::uint32_t shift, Tree& root, Problems& problems) {
  doc::Reader in(overlay, overlay.root(), "", problems);
  if (!overlay.root().is_object()) return;
  const auto version = in.required_field("overlay");
  if (const auto text = version ? version->text() : std::nullopt; text && !text->starts_with("1.0."))
    version->problem("`" + *text + "` is not supported; use 1.0.0");
  in.required_field("info");
  in.ignore({"extends"});
  if (const auto actions = in.required_field("actions")) {
    for (const doc::Field& action : actions->list()) apply(action, shift, root);
  }
  in.finish(doc::Extensions::allowed);
}

}  // namespace

std::shared_ptr<const doc::Source> overlaid(const std::shared_ptr<const doc::Source>& document,
                                            const std::vector<std::shared_ptr<const doc::Source>>& overlays,
                                            Problems& problems) {
  const std::size_t before = problems.size();
  std::vector<std::shared_ptr<const doc::Source>> parts{document};
  parts.insert(parts.end(), overlays.begin(), overlays.end());
  doc::Composition composition(std::move(parts));
  Tree root = tree_of(document->root(), 0);
  for (std::size_t i = 0; i < overlays.size(); ++i)
    apply_all(*overlays[i], composition.shift(i + 1), root, problems);
  if (problems.size() != before) return nullptr;
  return composition.finish([&](json::Builder& out) { write(root, out); });
}

}  // namespace gatehouse::openapi
