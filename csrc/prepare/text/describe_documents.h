// What settings of text and tokenizer say alike of the documents that are read.
#pragma once

#include "config/fields.h"

namespace echelon::prepare {

template <class T>
void describe_documents(config::Fields<T>& f) {
  f.add("input", &T::input,
        "Plain text (a document each), JSON lines (.jsonl, a document a line) or Parquet (a document a row), "
        "also .gz and .zst: paths, globs or ranges, also in object stores (s3://, gs://).")
      .required()
      .min_items(1)
      .example("[corpus/*.jsonl.zst]");
  f.add("text_key", &T::text_key,
        "Member of JSON lines, or column of Parquet, that is the text of a document.");
  f.add("unit_mb", &T::unit_mb,
        "Input that is read as one piece of work: large files of JSON lines and Parquet are divided, small "
        "files taken together.")
      .above(0)
      .unit("MB");
}

}  // namespace echelon::prepare
