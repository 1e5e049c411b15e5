// oneDNN's engine and stream, one for all modules of a process.

#include <oneapi/dnnl/dnnl.hpp>

namespace onednn {

// Every module that Aesara compiles has a copy of this header. The default visibility makes the linker keep a single
// one of each static variable below, for all modules.
#define ONE_PER_PROCESS inline __attribute__((visibility("default")))

ONE_PER_PROCESS dnnl::engine& engine() {
    static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}

ONE_PER_PROCESS dnnl::stream& stream() {
    static dnnl::stream all(engine());
    return all;
}

}  // namespace onednn
