"""The order of Python 2.7's sets, in cases worked out by hand from its table's rules."""

from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.svhn.python2_set import set_order


def test_small_integers_lie_in_their_own_slots():
    assert set_order([]) == []
    assert set_order([5, 3, 0, 1]) == [0, 1, 3, 5]
    assert set_order(range(1000, 0, -1)) == list(range(1, 1001))


def test_a_collision_goes_on_to_another_slot():
    """8 finds slot 0 taken by 0 and goes to 5·8 + 8 + 1 = 49, slot 1; 16 to 5·16 + 16 + 1 = 97, also 1, and
    from there, with 16 shifted out, to 5·97 + 0 + 1 = 486, slot 6."""
    assert set_order([0, 8]) == [0, 8]
    assert set_order([8, 0]) == [8, 0]
    assert set_order([0, 8, 16]) == [0, 8, 16]
    assert set_order([8, 0, 2]) == [8, 0, 2]


def test_the_sixth_member_makes_room_for_all():
    """From 8 slots to the smallest power of two above 4·6, 32; 33 then meets 1 and goes to 5·33 + 33 + 1
    = 199, slot 7."""
    assert set_order([40, 3, 2, 1, 0]) == [40, 1, 2, 3, 0]
    assert set_order([40, 3, 2, 1, 0, 33]) == [0, 1, 2, 3, 33, 40]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.integers(0, 10**6), unique=True, max_size=300))
def test_every_member_is_listed_once(members):
    assert sorted(set_order(members)) == sorted(members)
