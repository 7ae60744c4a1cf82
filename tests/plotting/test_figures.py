"""What each figure shows is what its frame holds."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from pkpo_toy.plotting import FIGURES, estimator_look, k_look
from pkpo_toy.plotting.figure import by
from pkpo_toy.plotting.figures.learning_curves import best_bonus_only
from pkpo_toy.plotting.render import draw
from pkpo_toy.plotting.style import contrast
from pkpo_toy.plotting.words import in_symbols
from tests.plotting.drawing import (
    bands,
    bar_ends,
    legend_of,
    lines,
    panels_in,
    panels_of,
    usual_panels_of,
)
from tests.plotting.frames import FRAMES


def test_every_figure_has_a_frame_here():
    assert set(FRAMES) == set(FIGURES)


def test_rows_are_parted_by_ascending_numbers_and_by_names_as_they_appear():
    frame = pd.DataFrame({"k": [4, 1, 4], "label": ["b", "a", "b"]})
    assert [(k, list(part.index)) for k, part in by(frame, "k")] == [(1, [1]), (4, [0, 2])]
    assert [(x, list(part.index)) for x, part in by(frame, "label")] == [("b", [0, 2]), ("a", [1])]


def reordered(name):
    """The rows in another order; where names are drawn as they appear, they appear as before."""
    frame = FRAMES[name]()
    if name == "audit":
        return frame.sort_values("claim", kind="stable")
    if name in ("atlas", "less_variance"):
        return frame.sort_values("estimator", kind="stable")
    if name == "difficulty":
        return frame.sort_values("success_rate", ascending=False, kind="stable")
    if name == "pass_rates":
        return frame.sort_values("step", ascending=False, kind="stable")
    return frame.sample(frac=1.0, random_state=0)


def points(panel):
    """The lines as sets of points, or as sequences where the points are joined."""
    every = []
    for line in panel.get_lines():
        xy = [tuple(pair) for pair in line.get_xydata().astype(float).round(9).tolist()]
        every.append(xy if line.get_linestyle() != "None" else sorted(xy))
    return sorted(every)


@pytest.mark.parametrize("name", FIGURES)
def test_the_order_of_the_rows_does_not_matter(name):
    others = panels_in(draw(name, reordered(name)))
    for panel, other in zip(usual_panels_of(name), others, strict=True):
        assert points(panel) == points(other)


def test_landscape_draws_objective_and_gradient_and_marks_the_optimum():
    frame = FRAMES["landscape"]()
    objective, gradient = usual_panels_of("landscape")
    for k, part in frame.groupby("k"):
        for panel, column in ((objective, "max_at_k"), (gradient, "gradient")):
            np.testing.assert_array_equal(lines(panel, f"$k$ = {k}"), part[["theta", column]])
        star = part["theta_star"].iloc[0]
        name = rf"$\theta^*_{{{k}}}$ = {star:.2f}"
        np.testing.assert_array_equal(lines(objective, name), [[star, 1.0]])
        np.testing.assert_array_equal(lines(gradient, name), [[star, 0.0]])
        assert name in [text.get_text() for text in gradient.get_legend().get_texts()]
    assert legend_of(objective)[1:] == ["$k$ = 1", "$k$ = 4", "$k$ = 16"]


def test_continuous_reward_draws_each_curve_at_its_own_k_beside_the_optimum():
    frame = FRAMES["continuous_reward"]()
    reward, gap = usual_panels_of("continuous_reward")
    for k, part in frame[frame["k"] == frame["k_eval"]].groupby("k"):
        np.testing.assert_array_equal(lines(reward, f"$k$ = {k}"), part[["step", "value"]])
        below = 100 * (1 - part["value"] / part["optimum"])
        np.testing.assert_allclose(lines(gap, f"$k$ = {k}")[:, 1], below)
    dotted = [line for line in reward.get_lines() if line.get_linestyle() == ":"]
    assert [line.get_ydata()[0] for line in dotted] == [1.0, 1.0]


def test_element_weights_draws_one_panel_per_n():
    frame = FRAMES["element_weights"]()
    (panel,) = usual_panels_of("element_weights")
    for k, part in frame.groupby("k"):
        (bars,) = [one for one in panel.containers if one.get_label() == f"$k$ = {k}"]
        assert [bar.get_height() for bar in bars] == part["weight"].tolist()
        assert [round(bar.get_x() + bar.get_width() / 2) for bar in bars] == part["rank"].tolist()
    twice = frame.assign(n=lambda one: one["n"] + 4 * (one["k"] == 4))
    assert len(panels_of("element_weights", twice)) == 2


def test_variance_draws_intervals_and_the_reference():
    frame = FRAMES["variance"]().sort_values("n")
    first, second, third = usual_panels_of("variance")
    for name, part in frame.groupby("estimator"):
        label = estimator_look(name).label
        n, value = part["n"].to_numpy(), part["variance"].to_numpy()
        np.testing.assert_allclose(lines(first, label), np.column_stack([n, value]))
        np.testing.assert_allclose(lines(second, label)[:, 1], n * value)
        np.testing.assert_allclose(lines(third, label)[:, 1], part["snr"])
        width = np.diff(bar_ends(first, label), axis=1)[:, 0]
        np.testing.assert_allclose(width, 2 * 1.96 * part["variance_se"])
        width = np.diff(bar_ends(second, label), axis=1)[:, 0]
        np.testing.assert_allclose(width, 2 * 1.96 * n * part["variance_se"])
    references = [panel.get_lines()[-1].get_ydata() for panel in (first, second, third)]
    np.testing.assert_allclose(references, [[2.25, 2.25], [9.0, 36.0], [1.0, 1.0]])
    assert [panel.get_yscale() for panel in (first, second, third)] == ["log"] * 3
    assert "95% interval" in legend_of(first)[0]
    assert legend_of(first)[1:3] == ["PKPO", estimator_look("centered_loo").label]
    assert "mine.py:mine" in legend_of(first)


def test_variance_draws_a_row_of_panels_per_k():
    frame = FRAMES["variance"]()
    both = frame.assign(k=np.where(frame["n"] < 16, 2, 4))
    assert len(panels_of("variance", both)) == 6


def test_transforms_draws_one_panel_per_estimator_in_table_order():
    frame = FRAMES["transforms"]()
    frame["weight"] *= frame["estimator"].map({"pkpo": 10.0, "pkpo_loo": 1.0}).fillna(1.0)
    panels = panels_of("transforms", frame)
    assert panels[1].get_ylim() == panels[2].get_ylim() != panels[0].get_ylim()
    assert "y axis" in panels[0].get_title("left")
    assert "y axis" not in panels[1].get_title("left")
    names = ["pkpo", "pkpo_loo", "pkpo_loo_minus_one"]
    for panel, name in zip(panels, names, strict=True):
        assert estimator_look(name).label in panel.get_title("left")
        for k, part in frame[frame["estimator"] == name].groupby("k"):
            label = k_look(k).label
            np.testing.assert_allclose(lines(panel, label), part[["reward", "weight"]])
            np.testing.assert_allclose(np.diff(bar_ends(panel, label)), 2 * 1.96 * 0.01)
    assert legend_of(panels[0])[1:] == ["$k$ = 2", "$k$ = 16"]


def test_audit_has_a_row_per_estimator_under_its_claim():
    frame = FRAMES["audit"]()
    panels = usual_panels_of("audit")
    names = [text.get_text() for text in panels[0].get_yticklabels()]
    assert names == ["RLOO", "PKPO", "entropic LOO", "GRPO", "mine.py:mine"]
    headings = [text.get_text() for text in panels[0].texts]
    assert headings == ["unbiased", "direction only", "biased"]
    rows = dict(zip(names, panels[0].get_yticks(), strict=True))
    written = {round(text.get_position()[1]): text.get_text() for text in panels[1].texts}
    assert written == {rows[name]: "0.9" if rows[name] > 5 else "1" for name in rows}
    columns = ("scale", "relative_variance", "over_best", "zero_signal")
    for panel, column in zip([panels[0], *panels[2:]], columns, strict=True):
        drawn = sorted(
            (round(float(y)), float(x))
            for bar in panel.containers
            for x, y in zip(bar.lines[0].get_xdata(), bar.lines[0].get_ydata(), strict=True)
        )
        held = sorted(
            (rows[estimator_look(name).label], value)
            for name, value in frame[["estimator", column]].itertuples(index=False)
        )
        np.testing.assert_allclose(drawn, held)
    assert legend_of(panels[0])[1:] == [
        "one right, easy; $n$ = 4, $k$ = 2",
        r"\$tied\$; $n$ = 4, $k$ = 2",
    ]


def test_audit_shows_values_a_log_axis_cannot():
    frame = FRAMES["audit"]()
    frame.loc[0, "relative_variance"] = 0.0
    frame.loc[1, "scale"] = -0.5
    frame.loc[2, "cosine"] = np.nan
    scale, _, variance, _, _ = panels_of("audit", frame)
    assert (scale.get_xscale(), variance.get_xscale()) == ("symlog", "symlog")
    assert scale.get_xlim()[0] < -0.5


def test_audit_leaves_out_no_claim_it_does_not_know():
    frame = FRAMES["audit"]().replace({"claim": {"direction": "unheard of"}})
    assert "unheard of" in [text.get_text() for text in panels_of("audit", frame)[0].texts]


def test_annealing_draws_every_schedule_at_every_k_eval():
    frame = FRAMES["annealing"]()
    panels = usual_panels_of("annealing")
    for panel, (k, part) in zip(panels, frame.groupby("k_eval"), strict=True):
        assert panel.get_ylabel() == f"pass@{k}"
        for label, runs in part.groupby("label"):
            drawn = lines(panel, in_symbols(label))
            np.testing.assert_array_equal(drawn, runs[["step", "value"]])
        expected = part.groupby("label").agg(low=("low", "min"), high=("high", "max"))
        np.testing.assert_allclose(sorted(bands(panel)), sorted(expected.to_numpy().tolist()))
    assert "95% interval" in legend_of(panels[0])[0]


@pytest.mark.parametrize("objective", ["pass", "max"])
def test_learning_curves_draw_each_k_eval_then_what_is_unsolved_and_entropy(objective):
    frame = FRAMES["learning_curves"]().assign(measure=f"{objective}@k")
    panels = panels_of("learning_curves", frame)
    titles = [panel.get_title("left")[5:] for panel in panels]
    assert titles[:2] == [f"{objective}@1", f"{objective}@16"]
    # Rewards that are not 0 or 1 (max@k) solve nothing.
    unsolved = ["never solved so far"] if objective == "pass" else []
    assert titles[2:] == [*unsolved, "entropy of the policy"]
    assert panels[0].get_ylim() == panels[1].get_ylim()
    one = frame[(frame["label"] == "k = 1") & (frame["k_eval"] == 1)]
    one = one.assign(left=1 - one["cumulative_solve_rate"])
    columns = ["value", "value", *["left"] * len(unsolved), "entropy"]
    for panel, column in zip(panels, columns, strict=True):
        assert len(panel.get_lines()) == 3
        if panel is not panels[1]:
            np.testing.assert_array_equal(lines(panel, "$k$ = 1"), one[["step", column]])
    assert [len(bands(panel)) for panel in panels] == [3, 3] + [0] * len(panels[2:])


def test_learning_curves_draw_only_the_best_entropy_bonus_and_say_so():
    shown = set(best_bonus_only(FRAMES["learning_curves"]())["label"])
    assert shown == {"k = 1", "k = n = 16", "k = 1, entropy 0.01"}
    entries = legend_of(usual_panels_of("learning_curves")[0])
    assert "$k$ = 1, entropy 0.01 (best of 2)" in entries
    assert not any("0.1 " in entry for entry in entries)


def test_learning_curves_without_a_bonus_draw_everything():
    frame = FRAMES["learning_curves"]()
    frame = frame[~frame["label"].str.contains("entropy")]
    assert legend_of(panels_of("learning_curves", frame)[0])[1:] == ["$k$ = 1", "$k$ = $n$ = 16"]


def test_learning_curves_with_an_odd_number_of_panels_leave_no_empty_one():
    frame = FRAMES["learning_curves"]()
    assert len(panels_of("learning_curves", frame[frame["k_eval"] == 1])) == 3


def test_a_panel_of_what_never_changes_is_left_out():
    frame = FRAMES["learning_curves"]().assign(entropy=1.5)
    titles = [panel.get_title("left")[5:] for panel in panels_of("learning_curves", frame)]
    assert titles == ["pass@1", "pass@16", "never solved so far"]


def test_lm_draws_the_paired_difference_with_students_interval():
    panel = next(one for one in usual_panels_of("lm") if "run by run" in one.get_title("left"))
    np.testing.assert_allclose(lines(panel, "$k$ = 8"), [[1, 0.2], [16, 0.2]])
    half = 4.303 * 0.1 / np.sqrt(3)
    np.testing.assert_allclose(bar_ends(panel, "$k$ = 8"), [[0.2 - half, 0.2 + half]] * 2)


def test_lm_says_on_which_prompts_it_was_evaluated():
    for value, text in (("training", "prompts trained on"), ("held_out", "held-out prompts")):
        panel, *_ = panels_of("lm", FRAMES["lm"](), settings={"evaluate": value}, title="Why?")
        assert panel.get_figure(root=True).get_suptitle() == f"Why? ({text})"


def test_hard_problems_draws_value_and_solved_fraction():
    frame = FRAMES["hard_problems"]()
    value, solved = usual_panels_of("hard_problems")
    for label, part in frame.groupby("label"):
        drawn = in_symbols(label)
        np.testing.assert_array_equal(lines(value, drawn), part[["step", "value"]])
        np.testing.assert_array_equal(lines(solved, drawn), part[["step", "solved_fraction"]])
    assert (len(bands(value)), len(bands(solved))) == (2, 0)
    share = frame["solved_fraction"]
    ends = {"solved_fraction_low": share - 0.1, "solved_fraction_high": share + 0.1}
    _, solved = panels_of("hard_problems", frame.assign(**ends))
    assert len(bands(solved)) == 2


def test_what_is_solved_and_the_entropy_have_bands_where_the_frame_has_them():
    frame = FRAMES["learning_curves"]()
    plain = panels_of("learning_curves", frame)
    assert [len(bands(panel)) for panel in plain[-2:]] == [0, 0]
    for name in ("cumulative_solve_rate", "entropy"):
        ends = {f"{name}_low": frame[name] - 0.1, f"{name}_high": frame[name] + 0.2}
        frame = frame.assign(**ends)
    unsolved, entropy = panels_of("learning_curves", frame)[-2:]
    one = frame[(frame["label"] == "k = 1") & (frame["k_eval"] == 1)]
    ends = (one["entropy"] - 0.1).min(), (one["entropy"] + 0.2).max()
    assert bands(entropy)[0] == pytest.approx(ends)
    assert bands(unsolved)[0][1] == pytest.approx((1.1 - one["cumulative_solve_rate"]).max())


def test_difficulty_draws_a_row_for_each_sharing_and_a_column_for_each_measure():
    frame = FRAMES["difficulty"]()
    panels = usual_panels_of("difficulty")
    columns = [("solved", 1), ("value", 1), ("value", 16)]
    places = [(features, *column) for features in (0, 20) for column in columns]
    for panel, (features, column, k_eval) in zip(panels, places, strict=True):
        part = frame[(frame["features"] == features) & (frame["k_eval"] == k_eval)]
        for label, rows in part.groupby("label"):
            drawn = in_symbols(label)
            np.testing.assert_array_equal(lines(panel, drawn)[:, 1], rows[column])
            low, high = ("solved_low", "solved_high") if column == "solved" else ("low", "high")
            np.testing.assert_allclose(bar_ends(panel, drawn), rows[[low, high]])
    assert [panels[i].get_ylabel() for i in (0, 3)] == ["own logits each", "20 features shared"]


def test_objective_matrix_writes_percent_and_error_and_frames_the_best():
    panel = usual_panels_of("objective_matrix")[0]
    texts = [text.get_text().replace("$\\pm$", "±") for text in panel.texts]
    assert texts == ["80.0\n±2.0", "75.0\n±1.2", "90.0\n±2.0", "97.5\n±1.2"]
    frames = [patch for patch in panel.patches if isinstance(patch, Rectangle)]
    assert [(int(one.get_x()), int(one.get_y())) for one in frames] == [(0, 1), (1, 1)]


def test_objective_matrix_texts_can_be_read_on_every_colour():
    shares = np.linspace(0.4, 1.0, 25)
    rows = [(k, j, shares[5 * k + j], 0.01, 1.0) for k in range(5) for j in range(5)]
    frame = pd.DataFrame(rows, columns=["k_opt", "k_eval", "value", "se", "optimum"])
    panel = panels_of("objective_matrix", frame)[0]
    panel.get_figure(root=True).draw_without_rendering()
    colours = panel.collections[0].get_facecolors()
    for text, colour in zip(panel.texts, colours, strict=True):
        assert contrast(text.get_color(), colour) >= 4.5


def test_objective_matrix_never_calls_a_small_error_zero():
    frame = FRAMES["objective_matrix"]().assign(se=[0.01, 0.001, 0.000001, 0.0])
    texts = [
        text.get_text().split("\n")[1] for text in panels_of("objective_matrix", frame)[0].texts
    ]
    assert texts == [r"$\pm$2.00", r"$\pm$0.12", r"$\pm$<0.01", r"$\pm$0.00"]


def test_pass_rates_draws_before_and_after_with_the_interval():
    panels = usual_panels_of("pass_rates")
    assert [panel.get_ylabel() for panel in panels] == ["pass@1", "pass@8"]
    for panel in panels:
        bins = [text.get_text() for text in panel.get_xticklabels()]
        assert bins == ["0", "0 to 0.5", "0.5 to 1"]
        after = lines(panel, "$k$ = 8")[:, 1]
        np.testing.assert_allclose(after, [0.2, 0.5, 0.9])
        ends = np.column_stack([after - 0.02, after + 0.03])
        np.testing.assert_allclose(bar_ends(panel, "$k$ = 8"), ends)
        before = [
            np.asarray(line.get_ydata(), dtype=float)
            for line in panel.get_lines()
            if line.get_marker() == "_"
        ]
        assert any(np.allclose(one, [0.0, 0.3, 0.7]) for one in before)


def test_compare_draws_each_curve_once_and_marks_the_crossing():
    frame = FRAMES["compare"]()
    (panel,) = usual_panels_of("compare")
    labels = [line.get_label() for line in panel.lines]
    assert labels[:3] == ["base", "trained", labels[2]]
    drawn = {line.get_label(): line.get_ydata() for line in panel.lines}
    for name in ("trained", "trained_longer"):
        part = frame[frame["after_name"] == name]
        np.testing.assert_array_equal(drawn[name], part["after"])
    np.testing.assert_array_equal(drawn["base"], frame["before"].iloc[:64])
    assert [text.get_text() for text in panel.texts] == ["cross at $k$ = 7"]
    left, right = panel.get_xlim()
    assert left == 1
    assert right >= 64


def test_passk_draws_the_curve_with_its_band():
    frame = FRAMES["passk"]()
    (panel,) = usual_panels_of("passk")
    np.testing.assert_array_equal(panel.get_lines()[0].get_xydata(), frame[["k", "value"]])
    np.testing.assert_allclose(bands(panel), [(0.16, 0.75)])
    assert [text.get_text() for text in panel.texts] == ["30 problems; band: 95% interval"]
    assert [text.get_text() for text in panel.get_xticklabels()] == ["1", "2", "5", "10"]


def test_passk_of_one_problem_claims_no_interval():
    frame = FRAMES["passk"]().assign(problems=1, se=np.nan, low=np.nan, high=np.nan)
    (panel,) = panels_of("passk", frame)
    assert [text.get_text() for text in panel.texts] == ["1 problem"]


@pytest.mark.parametrize("measure", ["pass@k", "max@k"])
def test_passk_is_labelled_by_its_measure(measure):
    (panel,) = panels_of("passk", FRAMES["passk"]().assign(measure=measure))
    assert panel.get_ylabel() == measure.replace("@k", "@$k$")
    assert usual_panels_of("passk")[0].get_ylabel() == "pass@$k$"


def test_atlas_maps_are_the_ratios_and_the_winners_the_least_of_them():
    frame = FRAMES["atlas"]()
    panels = usual_panels_of("atlas")
    maxk = panels[2].collections[0].get_array()
    held = frame[frame.estimator == "maxk_rloo"].set_index(["n", "k"])["over_known"].sort_index()
    # rloo stands at k = 1 in this frame, so max@k RLOO has its columns at k = 2 alone.
    assert maxk.mask[:, [0, 2]].all()
    np.testing.assert_allclose(maxk[0, [1, 3]], [held[4, 2].iloc[0], held[8, 2].iloc[0]])
    default = panels[0].collections[0].get_array()
    assert not default.mask.any()
    names = [text.get_text() for text in panels[7].get_legend().get_texts()]
    assert names == ["RLOO", "PKPO, LOO$-$1"]
    assert "worst" in panels[0].get_title(loc="left")


def test_less_variance_has_a_dot_with_its_interval_for_each_estimator():
    frame = FRAMES["less_variance"]()
    panels = usual_panels_of("less_variance")
    assert len(panels) == 4
    part = frame[frame.problem == "arms"]
    drawn = sorted(y for bar in panels[0].containers for y in bar.lines[0].get_ydata())
    np.testing.assert_allclose(drawn, sorted(part.to_near))
    assert len(panels[0].containers) == part.estimator.nunique()
