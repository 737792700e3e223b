// GATEHOUSE_SANITIZED: whether AddressSanitizer or ThreadSanitizer is compiled in. They see only what goes
// through the library's functions.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GATEHOUSE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATEHOUSE_SANITIZED 1
#endif
#endif
#ifndef GATEHOUSE_SANITIZED
#define GATEHOUSE_SANITIZED 0
#endif
