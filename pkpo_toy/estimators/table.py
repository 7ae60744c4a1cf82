"""The table of estimators: what each is called, where it comes from, and what it claims.

One contract for all: rewards (..., n), k -> weights (..., n), with the gradient estimate
g_hat = sum_i w_i grad log pi(x_i) (no hidden 1/n). Leading axes are independent groups.

Sources. [PKPO] arXiv 2505.15201. [Tang] 2503.19595. [Chen25] 2508.10751. [OrderGrad] 2606.06096.
[MaxPO] 2606.06080. [Bagirov] 2510.23393. [Thr] 2510.23049. [MaxRL] 2602.02710. [TailRL] 2609.02987.
[RSGRPO] 2509.24261. [TTT] 2601.16175. [GRPO] 2402.03300. [DrGRPO] 2503.20783. [RLOO] 2402.14740.
"""

from html import escape

from pkpo_toy.estimators import (
    baselines,
    best_of_n,
    binary,
    entropic,
    partition,
    pkpo,
    rank_statistics,
    tailrl,
)
from pkpo_toy.estimators.estimator import (
    GROUPS_FROM_TWO,
    K_BELOW_N,
    K_DIVIDES_N,
    K_FROM_TWO,
    K_UP_TO_N,
    TWO_GROUPS,
    TWO_SAMPLES,
    Estimator,
    Look,
    best_of_all,
    best_of_k,
    harmonic,
    harmonic_below_n,
    mean_reward,
    shrunk_best_of_k,
    shrunk_mean_reward,
)

# One line per fact would make this table three times as long as it is to read.
# fmt: off
_ROWS = (
    Estimator(
        "reinforce", baselines.reinforce,
        "plain policy gradient, no baseline",
        source="Williams 1992",
        unbiased_for="grad E[g]",
        claim="unbiased", objective=mean_reward, domain=K_UP_TO_N,
        look=Look("REINFORCE", "#7F7F7F", "solid", "<"),
    ),
    Estimator(
        "rloo", baselines.rloo,
        "leave-one-out mean as baseline",
        source="RLOO, arXiv 2402.14740",
        unbiased_for="grad E[g]",
        claim="unbiased", objective=mean_reward, domain=TWO_SAMPLES,
        look=Look("RLOO", "#332288", "solid", "*"),
    ),
    Estimator(
        "dr_grpo", baselines.dr_grpo,
        "group mean as baseline",
        source="Dr. GRPO, arXiv 2503.20783",
        unbiased_for="(n-1)/n grad E[g]",
        claim="unbiased", objective=shrunk_mean_reward, domain=TWO_SAMPLES,
        look=Look("Dr. GRPO", "#6A5ACD", "dashed", "<"),
    ),
    Estimator(
        "grpo", baselines.grpo,
        "z-score within the group",
        source="GRPO, arXiv 2402.03300",
        unbiased_for="biased for grad E[g]",
        claim="biased", objective=mean_reward, domain=TWO_SAMPLES, degree=0,
        look=Look("GRPO", "#882255", "dashed", "*"),
    ),
    Estimator(
        "pkpo", pkpo.pkpo,
        "mean maximum over the k-subsets with the sample",
        source="PKPO, arXiv 2505.15201, eq. 19",
        unbiased_for="grad max@k",
        claim="unbiased", objective=best_of_k, domain=K_UP_TO_N,
        look=Look("PKPO", "#0072B2", "solid", "o"),
    ),
    Estimator(
        "pkpo_loo", pkpo.pkpo_loo,
        "pkpo less the max@k estimate of the other samples",
        source="PKPO, arXiv 2505.15201, eq. 29",
        unbiased_for="grad max@k",
        claim="unbiased", objective=best_of_k, domain=K_BELOW_N,
        look=Look("PKPO, LOO", "#009E73", "dashed", "s"),
    ),
    Estimator(
        "pkpo_loo_minus_one", pkpo.pkpo_loo_minus_one,
        "what the sample adds to the maximum of its k-subsets",
        source="PKPO, arXiv 2505.15201, eq. 33",
        unbiased_for="grad max@k",
        claim="unbiased", objective=best_of_k, domain=K_FROM_TWO,
        look=Look("PKPO, LOO$-$1", "#D55E00", "solid", "D"),
    ),
    Estimator(
        "centered_loo", pkpo.centered_loo,
        "mean maximum of the k-subsets with, less without, the sample",
        source="OrderGrad, arXiv 2606.06096; MaxPO, arXiv 2606.06080",
        unbiased_for="grad max@k",
        claim="unbiased", objective=best_of_k, domain=K_BELOW_N,
        look=Look("centred LOO", "#000000", "long", "X"),
    ),
    Estimator(
        "maxk_rloo", pkpo.maxk_rloo,
        "pkpo less its mean over a reward drawn from the other samples",
        source="pkpo-toy, docs/best-estimator.md",
        unbiased_for="grad max@k",
        claim="unbiased", objective=best_of_k, domain=TWO_SAMPLES,
        look=Look("max@$k$ RLOO", "#7B3F00", "dash_dot", "v"),
    ),
    Estimator(
        "group_mean_centered", pkpo.group_mean_centered,
        "pkpo less its mean over the group",
        source="rllm-org/rllm, pull request 743",
        unbiased_for="((n-k)/n) grad max@k",
        claim="unbiased", objective=shrunk_best_of_k, domain=K_BELOW_N,
        look=Look("group-mean centred", "#5C5C5C", "long", "d"),
    ),
    Estimator(
        "partition", partition.partition,
        "maximum of the sample's own group of k",
        source="PKPO, arXiv 2505.15201, fig. 4",
        unbiased_for="grad max@k",
        claim="unbiased", objective=best_of_k, domain=K_DIVIDES_N, exchangeable=False,
        look=Look("partition", "#56B4E9", "dotted", "^"),
    ),
    Estimator(
        "partition_baselined", partition.partition_baselined,
        "own group's maximum less the mean of the other groups'",
        source="PKPO, arXiv 2505.15201, fig. 4",
        unbiased_for="grad max@k",
        claim="unbiased", objective=best_of_k, domain=TWO_GROUPS, exchangeable=False,
        look=Look("partition, baselined", "#E69F00", "short", "v"),
    ),
    Estimator(
        "partition_loo_minus_one", partition.partition_loo_minus_one,
        "what the sample adds to its own group's maximum",
        source="Tang et al., arXiv 2503.19595",
        unbiased_for="grad max@k",
        claim="unbiased", objective=best_of_k, domain=GROUPS_FROM_TWO, exchangeable=False,
        look=Look("partition, LOO$-$1", "#CC79A7", "dash_dot", "P"),
    ),
    Estimator(
        "fail_only", binary.fail_only,
        "only failures are weighted",
        source="leave-one-out failure count, binary rewards",
        unbiased_for="grad pass@k",
        claim="unbiased", objective=best_of_k, domain=K_UP_TO_N, binary=True,
        look=Look("fail only", "#117733", "solid", "h"),
    ),
    Estimator(
        "passk_rloo", binary.passk_rloo,
        "rloo scaled by the chance that k-1 others all fail",
        source="leave-one-out failure count, binary rewards",
        unbiased_for="grad pass@k",
        claim="unbiased", objective=best_of_k, domain=TWO_SAMPLES, binary=True,
        look=Look("pass@$k$ RLOO", "#44AA99", "solid", "p"),
    ),
    Estimator(
        "passk_plugin", binary.passk_plugin,
        "success rate plugged into k (1-p)^(k-1)",
        source="arXiv 2510.23049",
        unbiased_for="biased for grad pass@k",
        claim="biased", objective=best_of_k, domain=K_UP_TO_N, binary=True,
        look=Look("pass@$k$ plug-in", "#999933", "dotted", "h"),
    ),
    Estimator(
        "passk_loo_plugin", binary.passk_loo_plugin,
        "the others' success rate plugged into k (1-p)^(k-1)",
        source="arXiv 2510.23049",
        unbiased_for="biased for grad pass@k (Jensen)",
        claim="biased", objective=best_of_k, domain=TWO_SAMPLES, binary=True,
        look=Look("pass@$k$ LOO plug-in", "#6B6B1F", "dash_dot", "h"),
    ),
    Estimator(
        "passk_grpo", binary.passk_grpo,
        "group z-score averaged over all k-subsets",
        source="Pass@k Training, arXiv 2508.10751, analytical",
        unbiased_for="biased for grad pass@k",
        claim="biased", objective=best_of_k, domain=K_UP_TO_N, binary=True,
        look=Look("pass@$k$ GRPO", "#AA4499", "dashed", "p"),
    ),
    Estimator(
        "passk_full", partition.passk_full,
        "z-score of disjoint groups' maxima",
        source="Pass@k Training, arXiv 2508.10751, full sampling",
        unbiased_for="biased for grad max@k",
        claim="biased", objective=best_of_k, domain=TWO_GROUPS, degree=0, exchangeable=False,
        look=Look("pass@$k$, full sampling", "#7A2E6D", "dotted", "p"),
    ),
    Estimator(
        "passk_bootstrap", partition.passk_bootstrap,
        "z-score of random k-subsets' maxima",
        source="Pass@k Training, arXiv 2508.10751, bootstrap sampling",
        unbiased_for="biased for grad max@k",
        claim="biased", objective=best_of_k, domain=K_UP_TO_N, degree=0, random=True,
        look=Look("pass@$k$, bootstrap", "#D98BCB", "short", "p"),
    ),
    Estimator(
        "bon_mean", best_of_n.bon_mean,
        "z-score of pkpo over the group",
        source="arXiv 2510.23393",
        unbiased_for="biased for grad max@k",
        claim="biased", objective=best_of_k, domain=TWO_SAMPLES, degree=0,
        look=Look("best-of-$n$, mean", "#8C510A", "dashed", ">"),
    ),
    Estimator(
        "bon_max_mean", best_of_n.bon_max_mean,
        "best sample less the group mean, others 0",
        source="arXiv 2510.23393",
        unbiased_for="biased for grad max@n, ignores k",
        claim="biased", objective=best_of_all, domain=TWO_SAMPLES,
        look=Look("best-of-$n$, max $-$ mean", "#BF812D", "dotted", ">"),
    ),
    Estimator(
        "maxrl", binary.maxrl,
        "group mean as baseline, divided by the success rate",
        source="MaxRL, arXiv 2602.02710",
        unbiased_for="grad sum_{j<=n-1} pass@j / j",
        claim="unbiased", objective=harmonic_below_n, domain=K_UP_TO_N, binary=True,
        look=Look("MaxRL", "#CC6677", "solid", ">"),
    ),
    Estimator(
        "maxrl_raw", binary.maxrl_raw,
        "the successes share one unit",
        source="MaxRL, arXiv 2602.02710",
        unbiased_for="grad sum_{j<=n} pass@j / j",
        claim="unbiased", objective=harmonic, domain=K_UP_TO_N, binary=True,
        look=Look("MaxRL, raw", "#E0949F", "dash_dot", ">"),
    ),
    Estimator(
        "tailrl_raw", tailrl.tailrl_raw,
        "gaps divided by the number of samples above them",
        source="TailRL, arXiv 2609.02987",
        unbiased_for="grad sum_{j<=n} max@j / j",
        claim="unbiased", objective=harmonic, domain=K_UP_TO_N, nonnegative=True,
        look=Look("TailRL, raw", "#6FA8DC", "dash_dot", "H"),
    ),
    Estimator(
        "tailrl", tailrl.tailrl,
        "tailrl_raw less its mean",
        source="TailRL, arXiv 2609.02987",
        unbiased_for="grad sum_{j<=n-1} max@j / j",
        claim="unbiased", objective=harmonic_below_n, domain=TWO_SAMPLES, nonnegative=True,
        look=Look("TailRL", "#2166AC", "dashed", "H"),
    ),
    Estimator(
        "rs_grpo", entropic.rs_grpo,
        "exponential weights over their mean, less one",
        source="RS-GRPO, arXiv 2509.24261",
        unbiased_for="biased for the entropic objective",
        claim="biased", objective=None, domain=TWO_SAMPLES, options=("beta",),
        look=Look("RS-GRPO", "#01665E", "dashed", "8"),
    ),
    Estimator(
        "entropic_loo", entropic.entropic_loo,
        "exponential weights over the others' mean, less one",
        source="TTT, arXiv 2601.16175",
        unbiased_for="direction of the entropic objective's gradient",
        claim="direction", objective=None, domain=TWO_SAMPLES, options=("beta",),
        look=Look("entropic LOO", "#35978F", "dash_dot_dot", "8"),
    ),
    Estimator(
        "order_statistic", rank_statistics.order_statistic,
        "max@k RLOO with a top mean, quantile or tail mean as statistic",
        source="OrderGrad, arXiv 2606.06096, with the baseline of maxk_rloo",
        unbiased_for="grad E[statistic of k draws], by default their median",
        claim="unbiased", objective=None, domain=TWO_SAMPLES, options=rank_statistics.OPTIONS,
        rank_weights=rank_statistics.rank_weights,
        look=Look("order statistic", "#A6761D", "dotted", "D"),
    ),
)
# fmt: on


class Table(dict[str, Estimator]):
    """The rows by their keys; a notebook shows them as a table."""

    def _repr_html_(self) -> str:
        names = ("key", "description", "unbiased_for", "domain", "source")
        rows = [
            (row.key, row.description, row.unbiased_for, row.domain.text, row.source)
            for row in self.values()
        ]
        head = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in names)
        body = ("".join(f"<td>{escape(text)}</td>" for text in row) for row in rows)
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in body)}</table>"


ESTIMATORS = Table({row.key: row for row in _ROWS})
