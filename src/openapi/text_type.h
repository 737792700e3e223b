// What a parameter's text may become, read from its schema. Internal to this room.
#pragma once

#include <memory>

#include "doc/reader.h"
#include "openapi/codec.h"
#include "openapi/documents.h"
#include "schema/compiler.h"

namespace gatehouse::openapi {

// How many values inside one another a style can write: a form's property that is an array, and its items.
constexpr int kStyledLevels = 2;
constexpr int kBracketLevels = 8;

// Looks through $ref, allOf, anyOf and oneOf. A schema that says nothing about its type stands for text.
// Where schemas are sealed, objects have no other members than they declare.
std::shared_ptr<const TextType> text_type(Documents& documents, const doc::Field& schema,
                                          schema::Sealing sealing, int levels = kStyledLevels);

}  // namespace gatehouse::openapi
