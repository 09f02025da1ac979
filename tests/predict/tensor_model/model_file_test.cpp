#include "predict/tensor_model/model_file.h"

#include <gmock/gmock.h>

#include <span>

#include "common/checksum.h"
#include "common/error.h"
#include "common/file.h"
#include "predict/tensor_model/saved_models.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

using testing::HasSubstr;

class ModelFileTest : public testing::Test {
 protected:
  std::string problem(const std::string& name) {
    try {
      read_model_file((folder_ / name).string());
    } catch (const CheckpointError& error) {
      EXPECT_THAT(error.what(), HasSubstr((folder_ / name).string()));
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(ModelFileTest, TorchScriptIsKnownByItsContent) {
  save_script(folder_ / "model.weights", "def forward(self, x): return x");
  const std::string content = read_file(folder_ / "model.weights");
  const ModelFile file = read_model_file((folder_ / "model.weights").string());
  EXPECT_EQ(file.kind, ModelFileKind::kScript);
  EXPECT_EQ(file.digest, checksum_of(std::as_bytes(std::span(content))));
}

TEST_F(ModelFileTest, APackageIsKnownByItsContent) {
  save_archive(folder_ / "model",
               {{"archive_format", "pt2"}, {"data/aotinductor/model/x.wrapper.so", "code"}});
  const std::string content = read_file(folder_ / "model");
  const ModelFile file = read_model_file((folder_ / "model").string());
  EXPECT_EQ(file.kind, ModelFileKind::kPackage);
  EXPECT_EQ(file.digest, checksum_of(std::as_bytes(std::span(content))));
}

TEST_F(ModelFileTest, WhatDoesNotComputeIsRefusedWithWhatToDo) {
  save_archive(folder_ / "weights.pt", {{"data.pkl", "x"}, {"data/0", "x"}});
  EXPECT_THAT(problem("weights.pt"), HasSubstr("holds weights or Python objects (torch.save)"));
  EXPECT_THAT(problem("weights.pt"), HasSubstr("torch.jit.script(model)"));
  save_archive(folder_ / "exported.pt2", {{"archive_format", "pt2"}, {"models/model.json", "{}"}});
  EXPECT_THAT(problem("exported.pt2"), HasSubstr("holds an exported program, which is not compiled yet"));
  EXPECT_THAT(problem("exported.pt2"), HasSubstr("torch._inductor.aoti_compile_and_package"));
  save_archive(folder_ / "other.zip", {{"readme", "hello"}});
  EXPECT_THAT(problem("other.zip"), HasSubstr("an archive, but neither TorchScript nor a compiled package"));
  write_file_atomically(folder_ / "old.pt", "\x80\x02\x8a\x0a");
  EXPECT_THAT(problem("old.pt"), HasSubstr("holds pickled Python objects"));
  write_file_atomically(folder_ / "empty.pt", "");
  EXPECT_THAT(problem("empty.pt"), HasSubstr("a checkpoint is a folder"));
}

TEST_F(ModelFileTest, ATruncatedFileIsCalledDamaged) {
  save_script(folder_ / "model.pt", "def forward(self, x): return x");
  const std::string whole = read_file(folder_ / "model.pt");
  for (const size_t size : {whole.size() - 1, whole.size() / 2, size_t{4}}) {
    write_file_atomically(folder_ / "model.pt", whole.substr(0, size));
    EXPECT_THAT(problem("model.pt"), HasSubstr("is damaged or incomplete")) << size;
  }
}

}  // namespace
}  // namespace echelon::predict
