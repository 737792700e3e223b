#include "crypto/edwards.h"

#include <algorithm>
#include <string>
#include <utility>

#include "crypto/openssl.h"

namespace gatehouse::crypto {
namespace {

using openssl::Bignum;
using openssl::must;

// Arithmetic modulo the curve's prime. Runs when a key set is loaded, over public values only.
class Field {
 public:
  explicit Field(const char* hex_prime) : context_(must(BN_CTX_new())) {
    BIGNUM* prime = nullptr;
    must(BN_hex2bn(&prime, hex_prime) != 0);
    prime_.reset(prime);
  }
  const BIGNUM* prime() const { return prime_.get(); }

  Bignum number(long value) const {  // may be negative
    Bignum result(must(BN_new()));
    must(BN_set_word(result.get(), static_cast<BN_ULONG>(value < 0 ? -value : value)) == 1);
    BN_set_negative(result.get(), value < 0 ? 1 : 0);
    must(BN_nnmod(result.get(), result.get(), prime_.get(), context_.get()) == 1);
    return result;
  }
  Bignum add(const Bignum& a, const Bignum& b) const { return apply(BN_mod_add, a, b); }
  Bignum subtract(const Bignum& a, const Bignum& b) const { return apply(BN_mod_sub, a, b); }
  Bignum multiply(const Bignum& a, const Bignum& b) const { return apply(BN_mod_mul, a, b); }
  Bignum divide(const Bignum& a, const Bignum& b) const {  // precondition: b is not zero
    const Bignum inverse(must(BN_mod_inverse(nullptr, b.get(), prime_.get(), context_.get())));
    return multiply(a, inverse);
  }
  Bignum square_root(const Bignum& a) const {  // null if there is none
    return Bignum(BN_mod_sqrt(nullptr, a.get(), prime_.get(), context_.get()));
  }

 private:
  template <typename Operation>
  Bignum apply(Operation operation, const Bignum& a, const Bignum& b) const {
    Bignum result(must(BN_new()));
    must(operation(result.get(), a.get(), b.get(), prime_.get(), context_.get()) == 1);
    return result;
  }
  openssl::BignumContext context_;
  Bignum prime_;
};

// a x^2 + y^2 = 1 + d x^2 y^2. The formulas below have no exceptions: d is not a square in either field.
struct EdwardsParameters {
  Field field;
  Bignum a;
  Bignum d;
  int cofactor_doublings;
};

EdwardsParameters make(EdwardsCurve which) {
  if (which == EdwardsCurve::ed25519) {
    Field field("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
    Bignum a = field.number(-1);
    Bignum d = field.divide(field.number(-121665), field.number(121666));
    return {std::move(field), std::move(a), std::move(d), 3};
  }
  Field field(
      "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
  Bignum a = field.number(1);
  Bignum d = field.number(-39081);
  return {std::move(field), std::move(a), std::move(d), 2};
}

void double_point(const EdwardsParameters& curve, Bignum& x, Bignum& y) {
  const Field& field = curve.field;
  const Bignum one = field.number(1);
  const Bignum xx = field.multiply(x, x);
  const Bignum yy = field.multiply(y, y);
  const Bignum xy = field.multiply(x, y);
  const Bignum dxxyy = field.multiply(curve.d, field.multiply(xx, yy));
  x = field.divide(field.add(xy, xy), field.add(one, dxxyy));
  y = field.divide(field.subtract(yy, field.multiply(curve.a, xx)), field.subtract(one, dxxyy));
}

}  // namespace

EdwardsPoint check_point(EdwardsCurve which, std::string_view encoded) {
  const openssl::ErrorQueueGuard guard;
  const EdwardsParameters curve = make(which);
  const Field& field = curve.field;

  // Little-endian y; the highest bit is the sign of x.
  std::string big_endian(encoded.rbegin(), encoded.rend());
  const bool negative = (static_cast<unsigned char>(big_endian[0]) & 0x80U) != 0;
  big_endian[0] = static_cast<char>(static_cast<unsigned char>(big_endian[0]) & 0x7fU);
  Bignum y = openssl::from_big_endian(big_endian.data(), big_endian.size());
  if (BN_cmp(y.get(), field.prime()) >= 0) return EdwardsPoint::not_canonical;

  const Bignum yy = field.multiply(y, y);
  const Bignum xx =
      field.divide(field.subtract(field.number(1), yy), field.subtract(curve.a, field.multiply(curve.d, yy)));
  Bignum x = field.square_root(xx);
  if (!x) return EdwardsPoint::not_on_curve;
  if (BN_is_zero(x.get()) && negative) return EdwardsPoint::not_canonical;

  // The sign of x does not change the order of the point.
  for (int i = 0; i < curve.cofactor_doublings; ++i) double_point(curve, x, y);
  return BN_is_zero(x.get()) && BN_is_one(y.get()) ? EdwardsPoint::low_order : EdwardsPoint::sound;
}

}  // namespace gatehouse::crypto
