// What Arrow's file systems need once in a process.
#pragma once

#include <initializer_list>
#include <string>

namespace echelon::table {

/// The first of these environment variables that is set and not empty.
std::string first_variable(std::initializer_list<const char*> names);

/// The file with the certificates of those whom this machine believes: $AWS_CA_BUNDLE, $SSL_CERT_FILE, else
/// the bundle of the distribution; empty when there is none.
std::string certificates();

/// Tells Arrow of certificates(): its libraries are built elsewhere, and look in that machine's folders.
void start_tls();

/// Starts the S3 client, which ends with the process.
void start_s3();

}  // namespace echelon::table
