// OpenSSL gives both buffers of a connection back after each record (SSL_MODE_RELEASE_BUFFERS), so that an
// idle connection holds none, and takes two with the next request. They are larger than the blocks that
// malloc keeps for a thread: finding and merging them costs a request a thousand instructions.
#pragma once

namespace gatehouse::net {

// Each thread keeps a few of these blocks from here on. A program calls it first: false, and no effect, if
// OpenSSL has allocated memory already.
bool keep_tls_buffers();

}  // namespace gatehouse::net
