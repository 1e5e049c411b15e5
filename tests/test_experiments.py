import pytest
from hypothesis import given
from hypothesis import strategies as st

from reproduce import experiments, methods
from reproduce.errors import UserError

ALL = [(name, method) for name in experiments.names() for method in methods.METHODS]


@pytest.mark.parametrize("name", experiments.names())
def test_every_setting_names_its_source(name):
    for setting in experiments.schema(name).values():
        assert setting.source.startswith(("paper", "released", "ours")), setting.key


@pytest.mark.parametrize(("name", "method"), ALL)
def test_every_default_is_admitted_by_its_own_rules(name, method):
    resolved = experiments.resolve(name, method)
    for key, value in resolved.settings.items():
        assert experiments.schema(name)[key].check(value) == value
    assert resolved.overrides == {}
    assert resolved.folder == name


def test_learning_rate_of_the_papers_table():
    rates = {m: experiments.resolve("mnist", m)["training.learning_rate"] for m in methods.METHODS}
    assert {m for m, rate in rates.items() if rate == 0.01} == {"full-precision", "binaryconnect", "bwn", "lab"}
    assert {m for m, rate in rates.items() if rate == 0.005} == {"bnn", "xnor", "lab2"}


def test_overrides_join_the_folder_in_a_fixed_order():
    one = experiments.resolve("mnist", "lab", {"training.epochs": 2, "network.units": 8})
    two = experiments.resolve("mnist", "lab", {"network.units": 8, "training.epochs": 2})
    assert one.folder == two.folder == "mnist+network.units=8+training.epochs=2"
    assert one.overrides == {"network.units": 8, "training.epochs": 2}


def test_a_default_value_is_no_override_and_inert_keys_change_no_identity():
    resolved = experiments.resolve("mnist", "lab", {"training.epochs": 50, "data.resident_limit": 7})
    assert resolved.overrides == {} and resolved.folder == "mnist"
    assert resolved["data.resident_limit"] == 7


def test_whole_numbers_are_taken_for_decimals():
    assert experiments.resolve("mnist", "lab", {"training.decay_factor": 1})["training.decay_factor"] == 1.0


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"network.unit": 8}, "did you mean 'network.units'"),
        ({"network.units": "many"}, "must be a whole number"),
        ({"network.units": True}, "must be a whole number"),
        ({"network.units": 8.5}, "must be a whole number"),
        ({"network.units": 0}, "at least 1"),
        ({"data.center": 1}, "must be true or false"),
        ({"training.decay_epochs": [1.5]}, "must be a list"),
        ({"training.learning_rate": float("nan")}, "must be finite"),
        ({"training.learning_rate": float("inf")}, "must be finite"),
        ({"training.learning_rate": -0.1}, "at least"),
        ({"training.learning_rate": 10**400}, "must be a number"),
        ({"network.units": 10**20}, "too large"),
        ({"data.train": [0]}, "must be 2 numbers"),
        ({"data.name": "svhn"}, "one of mnist"),
        ({"backend.precision": "float16"}, "one of float32, tf32"),
        ({"method.variant": "repository"}, "does not apply to lab"),
    ],
)
def test_bad_overrides_are_refused(overrides, message):
    with pytest.raises(UserError, match=message):
        experiments.resolve("mnist", "lab", overrides)


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(UserError, match="did you mean 'mnist'"):
        experiments.resolve("minst", "lab")
    with pytest.raises(UserError, match="did you mean 'lab'"):
        experiments.resolve("mnist", "LAB1".lower())


@pytest.fixture
def later(tmp_path, monkeypatch):
    """A configuration with a key that came after the first runs, which went by another value than its default."""
    key = 'smoothing = { value = 0.1, before = 0.0, methods = ["lab", "bwn"], source = "ours" }'
    text = (experiments.CONFIGS / "mnist.toml").read_text(encoding="utf-8")
    text = text.replace("[training]\n", f"[training]\n{key}\n")
    (tmp_path / "earlier_pictures.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(experiments, "CONFIGS", tmp_path)
    return "earlier_pictures"


def test_a_key_that_a_record_lacks_counts_as_the_value_that_held_then(later):
    now = experiments.resolve(later, "lab").settings
    assert now["training.smoothing"] == 0.1
    lacking = {key: value for key, value in now.items() if key not in ("training.smoothing", "training.epochs")}
    assert experiments.completed(later, "lab", lacking) == now | {"training.smoothing": 0.0}
    assert experiments.completed(later, "lab", now) == now
    assert "training.smoothing" not in experiments.completed(later, "bnn", {})
    assert experiments.completed(later, "bnn", {})["training.learning_rate"] == 0.005


@pytest.mark.parametrize(("name", "method"), [("unknown", "lab"), ("mnist", "unknown")])
def test_settings_of_what_this_version_does_not_know_stay_as_they_are(name, method):
    assert experiments.completed(name, method, {"some.key": 1}) == {"some.key": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), ("0.5", 0.5), ("true", True), ("[1, 2]", [1, 2]), ("word", "word"), ('"word"', "word"), ("a=b", "a=b")],
)
def test_override_values_are_toml_or_words(text, value):
    assert experiments.parse_overrides([f"some.key={text}"]) == {"some.key": value}


def test_a_key_is_given_once():
    with pytest.raises(UserError, match="twice"):
        experiments.parse_overrides(["network.units=3", "network.units=4"])


@pytest.mark.parametrize("text", ["key", "=value", "", "key=1\nother=2"])
def test_overrides_need_a_key_and_a_value(text):
    with pytest.raises(UserError, match="KEY=VALUE"):
        experiments.parse_overrides([text])


@given(st.integers(1, 10**6), st.floats(0, 10, allow_nan=False))
def test_numbers_survive_the_command_line(units, factor):
    parsed = experiments.parse_overrides([f"network.units={units}", f"training.decay_factor={factor}"])
    resolved = experiments.resolve("mnist", "lab", parsed)
    assert resolved["network.units"] == units and resolved["training.decay_factor"] == factor


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[network]", "[network"),
        ("paper", "\udcff\udcfe"),  # bytes that are no UTF-8
        ("minimum = 1", 'minimum = "one"'),
        ("value = 2048", "value = 0"),
        ("value = 2048", "value = []"),
        ("value = 2048", "value = 1979-05-27"),
        ("value = 2048", "valve = 2048"),
        ("value = 2048", f"value = {'1' * 5000}"),
        ('choices = ["mlp"]', "choices = 7"),
        ("[network]", "network = 3\n[other]"),
        ("[784]", "[" * 5000),
    ],
)
def test_a_damaged_configuration_is_one_line(tmp_path, monkeypatch, old, new):
    text = (experiments.CONFIGS / "mnist.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "broken.toml").write_bytes(text.replace(old, new, 1).encode("utf-8", "surrogateescape"))
    monkeypatch.setattr(experiments, "CONFIGS", tmp_path)
    with pytest.raises(UserError, match=r"broken\.toml cannot be used: .*; correct it") as raised:
        experiments.schema("broken")
    assert "\n" not in str(raised.value)


def test_a_setting_that_a_configuration_lacks_is_named(tmp_path, monkeypatch):
    text = (experiments.CONFIGS / "mnist.toml").read_text()
    (tmp_path / "short.toml").write_text("".join(line for line in text.splitlines(True) if "batch_size" not in line))
    monkeypatch.setattr(experiments, "CONFIGS", tmp_path)
    with pytest.raises(UserError, match=r"short has no setting training\.batch_size; add it to .*short\.toml"):
        experiments.resolve("short", "lab")["training.batch_size"]


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 5000, "{a=" * 5000])
def test_a_value_without_end_is_no_number(value):
    with pytest.raises(UserError, match=r"training\.epochs must be a whole number"):
        experiments.resolve("mnist", "lab", experiments.parse_overrides([f"training.epochs={value}"]))
