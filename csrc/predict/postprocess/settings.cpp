#include "predict/postprocess/settings.h"

#include "config/fields.h"
#include "data/table/describe_reading.h"

namespace echelon::predict {

void describe(config::Fields<PostprocessSettings>& f) {
  using Kind = PostprocessKind;
  f.about("What is made of the model's outputs.");
  f.add("as", &PostprocessSettings::as,
        "class: the most probable class and its probability; argmax: the class alone; top_k: the most "
        "probable classes and their probabilities; softmax: the probabilities of all classes; sigmoid: those "
        "of labels that do not exclude each other; regression: numbers, in the unit of the training data; "
        "embedding: a vector; text: what a language model writes after a text; perplexity: how probable it "
        "finds a text; raw: the outputs as they are. Not set: what is usual for the model.")
      .values({{"class", Kind::kClass},
               {"argmax", Kind::kArgmax},
               {"top_k", Kind::kTopK},
               {"softmax", Kind::kSoftmax},
               {"sigmoid", Kind::kSigmoid},
               {"regression", Kind::kRegression},
               {"embedding", Kind::kEmbedding},
               {"text", Kind::kText},
               {"perplexity", Kind::kPerplexity},
               {"raw", Kind::kRaw}})
      .direct();
  f.add("top", &PostprocessSettings::top, "Of top_k: how many.").at_least(1).unit("classes");
  f.add("class_names", &PostprocessSettings::class_names,
        "What the classes are called, in the order of the model's outputs. Not set: as in the training data; "
        "where those have no names, classes are numbers.")
      .example("[cat, dog]");
  f.add(
       "pooling", &PostprocessSettings::pooling,
       "Of embedding, for texts: mean over the text's tokens, special ones included; cls: the first token's; "
       "max of each number. Not set: as the model's folder says.")
      .values(
          {{"mean", models::Pooling::kMean}, {"cls", models::Pooling::kCls}, {"max", models::Pooling::kMax}});
  f.add("normalise", &PostprocessSettings::normalise,
        "Of embedding: make each vector one of length 1. Not set: as the model's folder says, else false.");
  f.check([](const PostprocessSettings& s, config::Checks& checks) {
    data::check_distinct(s.class_names, "class_names", checks);
    if (checks.is_set("top") && s.as != Kind::kTopK) checks.problem("top", "has no effect without as: top_k");
    const bool embeds = !s.as || s.as == Kind::kEmbedding;
    for (const char* key : {"pooling", "normalise"})
      if (checks.is_set(key) && !embeds) checks.problem(key, "has no effect without as: embedding");
  });
}

}  // namespace echelon::predict
