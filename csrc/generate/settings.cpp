#include "generate/settings.h"

#include "config/fields.h"

namespace echelon::generate {

void describe(config::Fields<GenerationSettings>& f) {
  f.about("How a language model writes.");
  f.add("max_new_tokens", &GenerationSettings::max_new_tokens, "Tokens that are written, at most.")
      .range(1, 1 << 20)
      .unit("tokens");
  f.add("temperature", &GenerationSettings::temperature,
        "What logits are divided by before a token is drawn; 0: the most probable token is taken.")
      .range(0, 100);
  f.add("top_k", &GenerationSettings::top_k, "Draw among so many of the most probable tokens only.")
      .at_least(1)
      .unit("tokens");
  f.add("top_p", &GenerationSettings::top_p,
        "Draw among the fewest of the most probable tokens that together have this probability (nucleus "
        "sampling, Holtzman et al., 1904.09751).")
      .above(0)
      .at_most(1);
  f.add("seed", &GenerationSettings::seed,
        "Of what is drawn. It follows from the seed and the prompt alone: equal prompts get equal texts.")
      .at_least(0);
  f.add("stop", &GenerationSettings::stop,
        "Texts at whose tokens writing ends; they are left out. Not set: data.end_of_document of the "
        "training.")
      .example("['<|endoftext|>']");
  f.check([](const GenerationSettings& s, config::Checks& checks) {
    for (const char* key : {"top_k", "top_p", "seed"})
      if (checks.is_set(key) && s.temperature == 0)
        checks.problem(key, "has no effect with temperature: 0, where nothing is drawn");
    for (const std::string& text : s.stop.value_or(std::vector<std::string>()))
      if (text.empty()) checks.problem("stop", "has an empty text");
  });
}

}  // namespace echelon::generate
