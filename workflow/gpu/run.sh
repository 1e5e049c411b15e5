#!/usr/bin/env bash
# Runs the bundle's stages, on the machine with the GPU:
#
#     run.sh [doctor] [trajectories] [step-times] [sweep]        without names: all four, in this order
#
# Every stage has its own time limit, and what it found until then is in OUT:
#
#     doctor.txt                 what the machine has
#     trajectories/NAME.json     the first steps, for comparison with the released scripts', twice: with deterministic
#                                operations and without
#     step_time_gpu.json         LAB's steps beside plain JAX and, if it is there, PyTorch
#     runs.tar.gz                records and logs of the runs of SWEEP, as they are after MINUTES
#     log.txt                    what was printed
#
# A sweep that was stopped continues if it is started again in the same folder.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
OUT=${OUT:-$here/out}                                    # folder for what is to be carried home
DEVICE=${DEVICE:-gpu}                                    # or cpu, to try the bundle
PYTHON=${PYTHON:-python3}
NETWORKS=${NETWORKS:-mnist cifar10 war_and_peace}        # whose steps are timed
CONTESTANTS=${CONTESTANTS:-jax plain-jax pytorch pytorch-compiled}
ROUNDS=${ROUNDS:-5}
SWEEP=${SWEEP:-mnist}                                    # arguments of 'python -m reproduce sweep'
MINUTES=${MINUTES:-60}                                   # of the sweep
JOBS=${JOBS:-4}                                          # processes at a time, where nothing is timed

export PYTHONPATH=$here/checkout:$here/packages PYTHONUNBUFFERED=1
export PYLEARN2_DATA_PATH=$here/data JAX_COMPILATION_CACHE_DIR=$here/compiled
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
cd "$here/checkout" || exit

doctor() {
  timeout 120 "$PYTHON" -m reproduce doctor | tee "$OUT/doctor.txt"
}

trajectories() {
  local names=""
  [ "$DEVICE" = gpu ] || names="mnist_lab_w-jax warpeace_lab_w_len100-jax cifar10_lab_w_synthetic-jax"
  # shellcheck disable=SC2086  # a list of names
  timeout 300 "$PYTHON" -m benchmarks.trajectories $names --device "$DEVICE" --jobs "$JOBS" --out "$OUT/trajectories"
}

step-times() {
  # shellcheck disable=SC2086  # lists of names
  timeout 600 "$PYTHON" -m benchmarks.step_time $NETWORKS --contestants $CONTESTANTS --device "$DEVICE" \
    --rounds "$ROUNDS" --steps 2 --out "$OUT/step_time_gpu.json"
}

sweep() {
  # shellcheck disable=SC2086  # arguments
  "$PYTHON" -m reproduce sweep $SWEEP --minutes "$MINUTES" --jobs "$JOBS" --backend jax --device "$DEVICE" \
    --runs "$here/runs"
  local ended=$?
  (cd "$here/runs" && find . -name '*.json' -o -name '*.csv' | tar -czf "$OUT/runs.tar.gz" -T -)
  return $ended
}

[ $# -gt 0 ] || set -- doctor trajectories step-times sweep
for stage; do
  began=$SECONDS
  "$stage"
  echo "$stage: exit code $? after $((SECONDS - began)) s"
done 2>&1 | tee -a "$OUT/log.txt"
