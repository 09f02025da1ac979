#include "predict/tensor_model/settings.h"

#include "config/fields.h"

namespace echelon::predict {

void describe(config::Fields<TensorSettings>& f) {
  f.about("How columns become a tensor of a TorchScript model or a compiled package.");
  f.add("type", &TensorSettings::type, "Of its numbers.")
      .values({{"float32", TensorType::kFloat32},
               {"float64", TensorType::kFloat64},
               {"bfloat16", TensorType::kBFloat16},
               {"float16", TensorType::kFloat16},
               {"int64", TensorType::kInt64},
               {"int32", TensorType::kInt32},
               {"bool", TensorType::kBool}});
  f.add("shape", &TensorSettings::shape,
        "What a row is, as [1, 28, 28], or [] for a single number. Not set: as long as there are columns, or "
        "as the list of the row, whose length may differ between rows.")
      .at_least(1)
      .example("[512]");
}

}  // namespace echelon::predict
