// A convolution over two axes, or one of its gradients, by oneDNN in strict float32. After arrays.h and onednn.h.
//
// Arrays come and go as NumPy's, (examples, channels, rows, columns). oneDNN computes in formats of its own choice, so
// each array is reordered on its way, through memory that all convolutions of a process share.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

#include <omp.h>

namespace onednn {

typedef dnnl::memory::dims Dims;

enum Direction { FORWARD, GRAD_WEIGHTS, GRAD_INPUTS };
enum Role { IMAGE, FILTERS, MAPS, ROLES };

struct Buffer {
    float* start;
    size_t size;
};

ONE_PER_PROCESS Buffer* buffers() {
    static Buffer all[ROLES + 1];
    return all;
}

// Memory for `size` bytes. It is valid until the next request for the same place; callers hold Python's lock.
inline float* borrow(int place, size_t size) {
    Buffer& buffer = buffers()[place];
    if (buffer.size < size) {
        std::free(buffer.start);
        buffer.start = static_cast<float*>(std::aligned_alloc(64, (size + 63) / 64 * 64));
        buffer.size = buffer.start ? size : 0;
        if (!buffer.start) throw std::bad_alloc();
    }
    return buffer.start;
}

// Filters turned by 180 degrees; `from` and `to` may be the same.
inline void flip(const float* from, float* to, npy_intp filters, npy_intp area) {
    #pragma omp parallel for schedule(static) if (filters * area > 16384)
    for (npy_intp k = 0; k < filters; k++) {
        const float* x = from + k * area;
        float* z = to + k * area;
        if (x == z) std::reverse(z, z + area);
        else std::reverse_copy(x, x + area, z);
    }
}

// What one Op asks for, whatever the shapes: FORM of convolution.py.
struct Form {
    npy_int64 direction;     // a Direction
    npy_int64 flipped;       // whether it is a true convolution, not a correlation
    npy_int64 groups;
    npy_int64 stride[2], dilation[2];
    npy_int64 padding[2][2];  // zeros before and after each axis; or FULL or HALF, which depend on the filters

    static const npy_int64 FULL = -1, HALF = -2;

    // The array that is computed; the other two are given.
    Role result() const { return direction == FORWARD ? MAPS : direction == GRAD_WEIGHTS ? FILTERS : IMAGE; }

    npy_intp extent(int axis, const npy_intp* filters) const { return (filters[axis + 2] - 1) * dilation[axis] + 1; }

    npy_intp pad(int axis, int end, const npy_intp* filters) const {
        const npy_int64 given = padding[axis][end], size = extent(axis, filters);
        return given == FULL ? size - 1 : given == HALF ? size / 2 : given;
    }

    // Length of the maps along an axis; 0 where the filters do not fit into the image.
    npy_intp length(int axis, const npy_intp* image, const npy_intp* filters) const {
        const npy_intp room = image[axis + 2] + pad(axis, 0, filters) + pad(axis, 1, filters) - extent(axis, filters);
        return room < 0 ? 0 : room / stride[axis] + 1;
    }
};

// oneDNN's primitives for arrays of one set of shapes. They share the work, and the memory it takes, among as many
// threads as there were when they were made.
class Convolution {
  public:
    Convolution(const Form& form, const npy_intp shapes[ROLES][4]) : form_(form), threads_(omp_get_max_threads()) {
        for (int role = 0; role < ROLES; role++) shapes_[role].assign(shapes[role], shapes[role] + 4);
        Dims strides, dilations, before, after;
        for (int axis = 0; axis < 2; axis++) {
            strides.push_back(form.stride[axis]);
            dilations.push_back(form.dilation[axis] - 1);
            before.push_back(form.pad(axis, 0, shapes[FILTERS]));
            after.push_back(form.pad(axis, 1, shapes[FILTERS]));
        }
        const dnnl::memory::data_type type = dnnl::memory::data_type::f32;
        const dnnl::memory::format_tag any = dnnl::memory::format_tag::any;
        std::vector<dnnl::memory::desc> open;
        for (int role = 0; role < ROLES; role++) {
            Dims dims = shapes_[role], steps(4, 1);
            for (int axis = 2; axis >= 0; axis--) steps[axis] = steps[axis + 1] * dims[axis + 1];
            if (role == FILTERS && form.groups > 1) {
                dims[0] /= form.groups;
                dims.insert(dims.begin(), form.groups);
                steps.insert(steps.begin(), dims[1] * steps[0]);
            }
            plain_[role] = dnnl::memory::desc(dims, type, steps);
            open.push_back(dnnl::memory::desc(dims, type, any));
        }
        dnnl::primitive_attr strict;
        strict.set_fpmath_mode(dnnl::fpmath_mode::strict);
        const dnnl::algorithm direct = dnnl::algorithm::convolution_direct;
        const dnnl::convolution_forward::primitive_desc forward(
            engine(), dnnl::prop_kind::forward_training, direct, open[IMAGE], open[FILTERS], open[MAPS], strides,
            dilations, before, after, strict);
        if (form.direction == FORWARD) {
            choose(forward.src_desc(), forward.weights_desc(), forward.dst_desc());
            primitive_ = dnnl::convolution_forward(forward);
        } else if (form.direction == GRAD_WEIGHTS) {
            const dnnl::convolution_backward_weights::primitive_desc backward(
                engine(), direct, open[IMAGE], open[FILTERS], open[MAPS], strides, dilations, before, after, forward,
                strict);
            choose(backward.src_desc(), backward.diff_weights_desc(), backward.diff_dst_desc());
            primitive_ = dnnl::convolution_backward_weights(backward);
        } else {
            const dnnl::convolution_backward_data::primitive_desc backward(
                engine(), direct, open[IMAGE], open[FILTERS], open[MAPS], strides, dilations, before, after, forward,
                strict);
            choose(backward.diff_src_desc(), backward.weights_desc(), backward.diff_dst_desc());
            primitive_ = dnnl::convolution_backward_data(backward);
        }
    }

    bool is_for(const npy_intp shapes[ROLES][4]) const {
        for (int role = 0; role < ROLES; role++)
            if (!std::equal(shapes_[role].begin(), shapes_[role].end(), shapes[role])) return false;
        return threads_ == omp_get_max_threads();
    }

    // Compute one of the three arrays from the other two, all of them contiguous.
    void operator()(float* const arrays[ROLES]) {
        static const int names[3][ROLES] = {
            {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
            {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST},
            {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
        };
        const Role result = form_.result();
        const npy_intp count = shapes_[FILTERS][0] * shapes_[FILTERS][1], area = shapes_[FILTERS][2] * shapes_[FILTERS][3];
        std::unordered_map<int, dnnl::memory> arguments;
        for (int role = 0; role < ROLES; role++) {
            float* values = arrays[role];
            if (role == FILTERS && form_.flipped && role != result) {
                values = borrow(ROLES, plain_[role].get_size());
                flip(arrays[role], values, count, area);
            }
            dnnl::memory own(chosen_[role], engine(), reorders_[role] ? borrow(role, chosen_[role].get_size()) : values);
            if (reorders_[role] && role != result) {
                dnnl::memory given(plain_[role], engine(), values);
                reorders_[role].execute(stream(), given, own);
            }
            arguments.insert({names[form_.direction][role], own});
        }
        primitive_.execute(stream(), arguments);
        if (reorders_[result]) {
            dnnl::memory wanted(plain_[result], engine(), arrays[result]);
            reorders_[result].execute(stream(), arguments.at(names[form_.direction][result]), wanted);
        }
        stream().wait();
        if (result == FILTERS && form_.flipped) flip(arrays[FILTERS], arrays[FILTERS], count, area);
    }

  private:
    // Keep the formats that oneDNN has chosen, and make what reorders into them, or out of them for the result.
    void choose(const dnnl::memory::desc& image, const dnnl::memory::desc& filters, const dnnl::memory::desc& maps) {
        const Role result = form_.result();
        chosen_[IMAGE] = image; chosen_[FILTERS] = filters; chosen_[MAPS] = maps;
        for (int role = 0; role < ROLES; role++) {
            if (chosen_[role] == plain_[role]) continue;
            const dnnl::memory::desc &from = role == result ? chosen_[role] : plain_[role],
                                     &to = role == result ? plain_[role] : chosen_[role];
            reorders_[role] = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), from, engine(), to));
        }
    }

    const Form form_;
    const int threads_;
    Dims shapes_[ROLES];
    dnnl::memory::desc plain_[ROLES], chosen_[ROLES];
    dnnl::reorder reorders_[ROLES];
    dnnl::primitive primitive_;
};

// The three shapes, of which `given` has two. False where they do not fit each other.
inline bool complete(const Form& form, PyArrayObject* const given[ROLES], PyArrayObject* lengths,
                     npy_intp shapes[ROLES][4]) {
    for (int role = 0; role < ROLES; role++)
        if (given[role]) std::copy(PyArray_DIMS(given[role]), PyArray_DIMS(given[role]) + 4, shapes[role]);
    const Role result = form.result();
    if (result != MAPS && PyArray_DIM(lengths, 0) < 2) return false;
    npy_intp *image = shapes[IMAGE], *filters = shapes[FILTERS], *maps = shapes[MAPS];
    if (result == MAPS) maps[0] = image[0], maps[1] = filters[0];
    if (result == FILTERS) filters[0] = maps[1], filters[1] = image[1] / form.groups;
    if (result == IMAGE) image[0] = maps[0], image[1] = filters[1] * form.groups;
    bool fit = maps[0] == image[0] && maps[1] == filters[0] && image[1] == filters[1] * form.groups &&
               filters[0] % form.groups == 0;
    for (int axis = 0; axis < 2; axis++) {
        if (result != MAPS) shapes[result][axis + 2] = *(npy_int64*)PyArray_GETPTR1(lengths, axis);
        const npy_intp length = form.length(axis, image, filters);
        if (result == MAPS) maps[axis + 2] = length;
        fit = fit && length > 0 && maps[axis + 2] == length;
    }
    return fit;
}

inline void refuse(const Form& form, const npy_intp shapes[ROLES][4]) {
    static const char* const names[ROLES] = {"image", "filters", "maps"};
    char text[256];
    int end = std::snprintf(text, sizeof text, "convolution: the shapes of its arrays do not fit each other:");
    for (int role = 0; role < ROLES; role++) {
        if (role == form.result()) continue;
        const npy_intp* n = shapes[role];
        end += std::snprintf(text + end, sizeof text - end, " %s %lld x %lld x %lld x %lld", names[role],
                             (long long)n[0], (long long)n[1], (long long)n[2], (long long)n[3]);
    }
    PyErr_SetString(PyExc_ValueError, text);
}

// Compute `*output`, which may hold an array to reuse, from the two given arrays in the order image, filters, maps.
// `lengths` has a gradient's rows and columns. `latest` keeps the primitives for the shapes and threads last met.
// False where a Python error is set.
inline bool compute(std::unique_ptr<Convolution>& latest, const Form& form, PyArrayObject* first, PyArrayObject* second,
                    PyArrayObject* lengths, PyArrayObject** output) {
    const Role result = form.result();
    PyArrayObject* given[ROLES] = {first, second, second};
    if (result == IMAGE) given[FILTERS] = first;
    given[result] = NULL;
    npy_intp shapes[ROLES][4];
    if (!complete(form, given, lengths, shapes)) {
        refuse(form, shapes);
        return false;
    }
    const arrays::Contiguous one(first), other(second);
    float* const z = one.fails() || other.fails() ? NULL : arrays::open(output, 4, shapes[result]);
    if (!z) return false;
    if (!PyArray_SIZE(first) || !PyArray_SIZE(second) || !PyArray_SIZE(*output)) {
        PyArray_FILLWBYTE(*output, 0);  // sums of nothing
        return true;
    }
    float* values[ROLES] = {one.values(), other.values(), other.values()};
    if (result == IMAGE) values[FILTERS] = one.values();
    values[result] = z;
    try {
        if (!latest || !latest->is_for(shapes)) latest.reset(new Convolution(form, shapes));
        (*latest)(values);
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return false;
    } catch (const dnnl::error& error) {
        PyErr_Format(PyExc_RuntimeError, "oneDNN: %s", error.what());
        return false;
    }
    return true;
}

}  // namespace onednn
