#include "predict/tensor_model/compiled_package.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "predict/tensor_model/saved_models.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CompiledPackageTest : public testing::Test {
 protected:
  /// Of an archive of these records.
  std::string problem(const std::map<std::string, std::string>& records, const std::string& model = "") {
    save_archive(path_, records);
    try {
      const CompiledPackage package(path_, model);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  std::string problem_here(std::map<std::string, std::string> changed) {
    changed.merge(package_metadata());
    try {
      require_this_machine(path_, changed);
    } catch (const CheckpointError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path_));
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  const std::string path_ = (folder_ / "model.pt2").string();
};

TEST_F(CompiledPackageTest, UnpacksTheFilesOfTheModel) {
  write_file_atomically(folder_ / "library", "code");
  save_package(path_, folder_ / "library", "the source");
  const CompiledPackage package(path_, "");
  EXPECT_EQ(package.source(), "the source");
  EXPECT_EQ(package.metadata(), package_metadata());
  const TemporaryFolder to;
  const fs::path library = package.unpack(to.path());
  EXPECT_EQ(library, to / "made.wrapper.so");
  EXPECT_EQ(read_file(library), "code");
  EXPECT_EQ(std::distance(fs::directory_iterator(to.path()), {}), 3);
}

TEST_F(CompiledPackageTest, WhatIsNotThereIsNamed) {
  const std::string model = "data/aotinductor/model/", other = "data/aotinductor/other/";
  EXPECT_THAT(problem({{model + "a.so", ""}}),
              HasSubstr("lacks the library of its model, or what PyTorch 2.7"));
  EXPECT_THAT(problem({{model + "a.so", ""}, {model + "b.so", ""}}), HasSubstr("two libraries"));
  EXPECT_THAT(problem({{model + "../../a.so", ""}}), HasSubstr("is not where PyTorch puts it"));
  EXPECT_THAT(problem({{model + "a.so", ""}, {model + "a.cpp", ""}, {model + "a_metadata.json", "["}}),
              HasSubstr("metadata are not what PyTorch writes"));
  const std::map<std::string, std::string> two{
      {model + "a.so", ""}, {other + "b.so", ""}, {other + "b.cpp", ""}, {other + "b_metadata.json", "{}"}};
  EXPECT_THAT(problem(two), HasSubstr("holds several models; choose one of model, other"));
  EXPECT_THAT(problem(two, "othr"), HasSubstr("did you mean \"other\"?"));
  EXPECT_EQ(problem(two, "other"), "");
}

TEST_F(CompiledPackageTest, DamageIsSeenBeforeAnythingIsLoaded) {
  write_file_atomically(folder_ / "library", std::string(10'000, 'x'));
  save_package(path_, folder_ / "library", "the source");
  std::string bytes = read_file(path_);
  bytes[bytes.find(std::string(1000, 'x')) + 500] = 'y';
  write_file_atomically(path_, bytes);
  try {
    const CompiledPackage package(path_, "");
    FAIL() << "the damage was not seen";
  } catch (const CheckpointError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("model.pt2 is damaged or incomplete (data/aotinductor/model/made.wrapper.so"));
  }
}

TEST_F(CompiledPackageTest, OtherMachinesAreRefused) {
  EXPECT_EQ(problem_here({}), "");
  EXPECT_THAT(problem_here({{"AOTI_DEVICE_KEY", "cuda"}}), HasSubstr("was compiled for the device \"cuda\""));
  EXPECT_THAT(problem_here({{"AOTI_MACHINE", "riscv64"}}), HasSubstr("compiled for linux on riscv64"));
  EXPECT_THAT(problem_here({{"AOTI_PLATFORM", "darwin"}}), HasSubstr("compiled for darwin"));
#ifdef __x86_64__
  EXPECT_THAT(problem_here({{"AOTI_CPU_ISA", "AVX512 AVX4096"}}), HasSubstr("AVX4096"));
#endif
}

TEST(MissingInstructions, AreThoseThatTheProcessorHasNot) {
  const std::set<std::string> haswell{"avx2", "fma", "f16c"};
  std::set<std::string> skylake = haswell;
  skylake.merge(std::set<std::string>{"avx512f", "avx512dq", "avx512vl", "avx512bw"});
  EXPECT_THAT(missing_instructions("AVX2", haswell), IsEmpty());
  EXPECT_THAT(missing_instructions("AVX512 AVX512_VNNI", haswell), ElementsAre("AVX512", "AVX512_VNNI"));
  EXPECT_THAT(missing_instructions("AVX512 AVX512_VNNI", skylake), ElementsAre("AVX512_VNNI"));
  EXPECT_THAT(missing_instructions("AVX512", skylake), IsEmpty());
  EXPECT_THAT(missing_instructions("INVALID_VEC_ISA", {}), IsEmpty());
}

}  // namespace
}  // namespace echelon::predict
