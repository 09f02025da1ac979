#include "data/image/field_settings.h"

#include "config/fields.h"

namespace echelon::data {
namespace {

template <class T>
void describe_place(config::Fields<T>& f) {
  f.add("field", &T::field, "Extension of the file in a tar sample: txt, json, boxes.json.").required();
  f.add("key", &T::key, "Member of the JSON object in that file; not set: the whole file.");
}

}  // namespace

void describe(config::Fields<TokensFieldSettings>& f) {
  f.about("Text as tokens: int64 [batch, length], and NAME.length, int64 [batch], how many there are.");
  describe_place(f);
  f.add("tokenizer", &TokensFieldSettings::tokenizer,
        "A tokenizer.json (Hugging Face), a tekken.json, a tiktoken file of ranks, or a SentencePiece model.")
      .required()
      .must_exist();
  f.add("length", &TokensFieldSettings::length, "Longer texts are cut, shorter ones padded.")
      .required()
      .range(1, 1 << 20)
      .unit("tokens");
  f.add("padding", &TokensFieldSettings::padding, "The token that pads.").at_least(0);
  f.add("special_tokens", &TokensFieldSettings::special_tokens,
        "Put around the text what the tokenizer's post-processor says, such as its beginning of text.");
}

void describe(config::Fields<BoxesFieldSettings>& f) {
  f.about(
      "Rectangles that follow crop, resizing, mirroring and turning: real numbers [batch, count, 4], each "
      "left, top, right, bottom in pixels of the model's image; and NAME.valid, int64 [batch, count]: 0 "
      "where "
      "there is none, or nothing of it is seen.");
  describe_place(f);
  f.add("count", &BoxesFieldSettings::count, "Most boxes that a sample has.").required().range(1, 65536);
  f.add("format", &BoxesFieldSettings::format,
        "What the four numbers of a box are. xyxy: left, top, right, bottom; xywh: left, top, width, height; "
        "cxcywh: centre, width, height.")
      .values({{"xyxy", BoxFormat::kXyxy}, {"xywh", BoxFormat::kXywh}, {"cxcywh", BoxFormat::kCxcywh}});
  f.add("normalized", &BoxesFieldSettings::normalized,
        "The numbers are shares of width and height, not pixels.");
  f.add("upright", &BoxesFieldSettings::upright,
        "The numbers are of the image as it is seen, turned by its EXIF orientation, not of the stored one.");
}

void describe(config::Fields<NumbersFieldSettings>& f) {
  f.about("Numbers: real numbers [batch, count].");
  describe_place(f);
  f.add("count", &NumbersFieldSettings::count, "How many numbers a sample has.").range(1, 1 << 20);
}

void describe(config::Fields<FieldSettings>& f) {
  f.about("An input of the model besides the image: another file of its sample.");
  f.key("as");
  f.choice<TokensFieldSettings>("tokens", "Text as tokens.");
  f.choice<BoxesFieldSettings>("boxes", "Rectangles in the image.");
  f.choice<NumbersFieldSettings>("numbers", "Numbers.");
}

}  // namespace echelon::data
