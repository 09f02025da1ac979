// config.json of a BERT model.
#pragma once

#include "checkpoint/hugging_face/json_file.h"
#include "models/bert.h"

namespace echelon::checkpoint::hugging_face {

/// Keys that are missing have the defaults of Hugging Face's BertConfig. Throws DataError that names the key
/// for a model type other than "bert", a value that changes what the model computes and is not supported, a
/// key that is unknown and might, and sizes that are no sizes.
models::BertSettings read_bert_config(const JsonFile& file);

}  // namespace echelon::checkpoint::hugging_face
