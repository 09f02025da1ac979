#include "comm/settings.h"

#include "config/fields.h"

namespace echelon {

void describe(config::Fields<CommSettings>& f) {
  f.about("How ranks communicate.");
  f.add("backend", &CommSettings::backend,
        "What moves tensors: nccl (one GPU a rank), mpi (CPU tensors; GPU tensors through host memory), "
        "local (one "
        "process), or auto: nccl on GPUs of their own, else mpi under a launcher, else local.")
      .one_of({"auto", "mpi", "nccl", "local"});
  f.add("timeout", &CommSettings::timeout,
        "Seconds that a rank waits for the others before the job ends with the name of the missing rank.")
      .above(0)
      .at_most(86400);
}

}  // namespace echelon
