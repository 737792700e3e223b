// The environment of the gates of one case file: its policy, loaded as the server loads it; the real schemes,
// limiter, key store and database; and in place of a real upstream one that records the requests that reach
// it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/assembly.h"
#include "app/process_resources.h"
#include "case_file.h"
#include "gates.h"
#include "net/loop.h"

namespace gatehouse::cases {

class CaseEnvironment {
 public:
  // Null with every problem, which have the case file's places.
  static std::unique_ptr<CaseEnvironment> make(CaseFile file, Problems& problems);
  ~CaseEnvironment();

  const CaseFile& file() const { return file_; }

  // Gates that nothing has passed yet, on Monday at ten. The steps of one case follow each other on them.
  std::unique_ptr<Gates> open();

 private:
  explicit CaseEnvironment(CaseFile file);
  bool load(Problems& problems);
  Result<> furnish();
  Result<> make_keys();
  std::string token(const Caller& caller) const;
  Result<std::string> credential(const Caller& caller);

  CaseFile file_;
  std::filesystem::path folder_;
  CaseClock clock_;
  SystemEntropy entropy_;
  std::shared_ptr<const policy::PolicySet> policy_;
  app::ProcessResources resources_;
  app::SharedParts shared_;
  net::Loop loop_;
  std::map<std::string, std::string> credentials_;  // by caller: the key, the token, the certificate's DER
};

}  // namespace gatehouse::cases
