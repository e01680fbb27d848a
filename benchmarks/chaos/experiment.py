"""One experiment: processes start, tasks flow, things break, everything settles, Redis is looked at."""

import asyncio
import json
import logging
import math
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

from redis.asyncio import Redis

from benchmarks.chaos.child import Assignment, Role, settings
from benchmarks.chaos.children import EXPLAIN_SECONDS, Child, Outcome
from benchmarks.chaos.faults import Faults
from benchmarks.chaos.proxy import HOME, Proxy, open_proxy
from benchmarks.chaos.questions import AGENTS, Trick, make_tasks
from benchmarks.chaos.report import Report
from benchmarks.chaos.schedule import KILLS, Fault, make_schedule
from benchmarks.chaos.topologies import UNREACHABLE, Kind, Topology, open_topology
from benchmarks.chaos.traffic import Traffic, Way, handing_in
from benchmarks.chaos.verification import (
    Judgement,
    Leftovers,
    Record,
    Recovery,
    failed_without_reason,
    judge,
    read_leftovers,
    read_records,
    recoveries,
    tally,
)
from benchmarks.steps import three_agents
from orchestration import open_runtime
from orchestration.durability import LOCAL, Durability
from orchestration.keys import Keys
from orchestration.settings import RunSettings

log = logging.getLogger(__name__)

CREW: Mapping[Role, int] = {"worker": 4, "orchestrator": 2}
AT_ONCE = 40
"""Tasks that are under way at the same time."""
RUN = RunSettings(lease_seconds=1.0, deadline_seconds=900, slots=8, places=30)
"""A short lease, so that recovery is quick; a deadline so far off that it hides no run that hangs; and fewer places
than tasks under way, so that some have to wait for their turn."""
START_SECONDS = 120.0
"""How long all processes together may take to start."""
SETTLE_SECONDS = 120.0
"""How long the last runs may take to end once nothing is broken any more."""
SETTLED_TICK_SECONDS = 0.1
SLOW = 2.0
"""A recovery that took more leases than this is worth looking at."""


@dataclass(frozen=True)
class Plan:
    """What to try. The same seed asks and breaks the same things; which process is hit depends on the moment."""

    seed: int
    tasks: int
    kills: int
    topology: Kind = "single"
    durability: Durability = LOCAL
    """What must have happened to a write before it counts."""
    blackouts: bool = False
    """Where a master would be killed, all servers are, at once."""
    server: Path | None = None
    keep: bool = False
    """Keep the folder with what is known also when all is well."""


@dataclass(frozen=True)
class _Crew:
    """Everything that runs."""

    topology: Topology
    redis: Redis
    children: Sequence[Child]
    proxies: Sequence[Proxy]
    ways: Sequence[Way]


async def run_experiment(plan: Plan) -> Report:
    """Try it; when something is wrong the folder with all logs, Redis' file and the bad runs is kept."""
    folder = Path(tempfile.mkdtemp(prefix="rt-chaos-"))
    report = None
    try:
        report = await _experiment(plan, folder)
        return report
    finally:
        if report is not None and not report.evidence:
            await asyncio.to_thread(shutil.rmtree, folder)
        else:
            log.error("Everything that is known is in %s", folder)


async def _experiment(plan: Plan, folder: Path) -> Report:
    tasks = make_tasks(plan.tasks, Random(f"{plan.seed} tasks"))
    async with _open_crew(plan, folder) as crew:
        keys = Keys(shards=crew.topology.shards)
        streams = [keys.tasks(agent) for agent in AGENTS]
        traffic = Traffic(crew.ways, crew.redis, keys, streams, Random(f"{plan.seed} ways"))
        faults = Faults(
            topology=crew.topology,
            redis=crew.redis,
            keys=keys,
            streams=streams,
            children=crew.children,
            proxies=crew.proxies,
            traffic=traffic,
            lease_seconds=RUN.lease_seconds,
            blackouts=plan.blackouts,
            random=Random(f"{plan.seed} faults"),
        )
        schedule = make_schedule(plan.tasks, plan.kills, Random(f"{plan.seed} schedule"))
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            group.create_task(traffic.watch())
            try:
                async with asyncio.TaskGroup() as storm:
                    storm.create_task(faults.happen(schedule))
                    over = asyncio.Event()
                    if crew.topology.fails_over:
                        storm.create_task(faults.fail_over(over))
                    await traffic.hand_in(tasks, AT_ONCE)
                    over.set()
                ended = await _settle(crew, keys, traffic)
            finally:
                traffic.finish()
        records = await read_records(crew.redis, keys, [task.id for task in tasks])
        leftovers = await read_leftovers(crew.redis, keys, AGENTS)
    crashes = [crash for child in crew.children for crash in child.crashes]
    accepted = [r for r in records if r.fields or traffic.ledger.outcomes.get(r.id) is Outcome.ACCEPTED]
    judgements = [judge(record) for record in accepted]
    figures = tally(accepted, judgements)
    happened = faults.happened
    recovered = recoveries(accepted, happened.deaths)
    seconds = ended - begun
    report = Report(
        seed=plan.seed,
        topology=plan.topology,
        replicas=plan.durability.replicas,
        fsync=plan.durability.disk,
        server=crew.topology.version,
        submitted=len(tasks),
        planned_kills=plan.kills,
        stalled=traffic.stalled,
        accepted=len(accepted),
        **asdict(figures),
        undelivered=leftovers.undelivered,
        pending=leftovers.pending,
        active=leftovers.active,
        counted=leftovers.counted,
        orphans=leftovers.orphans,
        dead_letters=leftovers.dead_letters,
        crashes=len(crashes),
        kills={fault.value.removeprefix("kill ").split()[-1]: happened.counts[fault] for fault in KILLS},
        failovers=happened.counts[Fault.FAIL_OVER],
        poisoned=sum(child.poisoned for child in crew.children),
        stops=happened.counts[Fault.FREEZE],
        leaves=happened.counts[Fault.LEAVE],
        cuts=happened.connections_cut,
        delays=happened.counts[Fault.DELAY],
        lost_replies=sum(proxy.dropped for proxy in crew.proxies),
        duplicates=happened.counts[Fault.DUPLICATE],
        garbage=happened.counts[Fault.GARBAGE],
        vanished=happened.counts[Fault.VANISH],
        poison=sum(f":{Trick.KILLS})" in json.loads(r.fields["task"])["question"] for r in accepted if r.fields),
        recovery_seconds=_spread([recovery.seconds for recovery in recovered]),
        seconds=round(seconds, 2),
        throughput=round(sum(figures.ended.values()) / seconds, 2),
    )
    if plan.keep or not report.good:
        report = replace(report, evidence=str(folder))
    _write_evidence(folder, report, accepted, judgements, recovered, leftovers)
    return report


@asynccontextmanager
async def _open_crew(plan: Plan, folder: Path) -> AsyncIterator[_Crew]:
    """Start everything; when the block ends everything ends, whatever happened."""
    for name in ("redis", "logs", "marks", "data"):
        (folder / name).mkdir()
    async with AsyncExitStack() as stack:
        masters = Random(f"{plan.seed} masters")
        opening = open_topology(plan.topology, plan.server, folder / "redis", plan.durability.replicas, masters)
        topology = await stack.enter_async_context(opening)
        redis = await stack.enter_async_context(topology.client())
        roles = [role for role, count in CREW.items() for _ in range(count)]
        # Each process has an address of its own at which it finds Redis.
        hosts = [f"127.0.0.{place}" for place, _ in enumerate([*roles, "gate"], 2)]
        proxies = [await stack.enter_async_context(open_proxy(host, topology.ports)) for host in hosts]
        children = [
            Child(f"{role}-{number}", _assignment(plan, topology, role, folder, proxy.host), proxy, folder / "logs")
            for number, (role, proxy) in enumerate(zip(roles, proxies, strict=False), 1)
        ]
        await stack.enter_async_context(_supervised(children))
        orchestrators = [child for child in children if child.role == "orchestrator"]
        async with asyncio.timeout(START_SECONDS):
            await asyncio.gather(*(child.wait_ready() for child in children))
        direct = await _gate(stack, plan, topology, folder, HOME)
        proxied = await _gate(stack, plan, topology, folder, hosts[-1])
        yield _Crew(topology, redis, children, proxies, [direct, proxied, *(child.ask for child in orchestrators)])


def _assignment(plan: Plan, topology: Topology, role: Role, folder: Path, host: str) -> Assignment:
    return Assignment(
        role=role,
        url=topology.url(host),
        data=folder / "data" / host,
        marks=folder / "marks",
        seed=plan.seed,
        run=_run_settings(topology),
        durability=plan.durability,
    )


def _run_settings(topology: Topology) -> RunSettings:
    return RUN.model_copy(update={"shards": topology.shards})


async def _gate(stack: AsyncExitStack, plan: Plan, topology: Topology, folder: Path, host: str) -> Way:
    """A way in of this very process, which leaves the driving to others."""
    about = settings(folder / "data" / "gate", topology.url(host), _run_settings(topology), plan.durability)
    gate = await stack.enter_async_context(open_runtime(about, registry=three_agents(), join=True))
    return handing_in(gate.submit)


@asynccontextmanager
async def _supervised(children: Sequence[Child]) -> AsyncIterator[None]:
    """Keep every place filled; at the end each process is asked to go, and killed when it does not."""
    async with asyncio.TaskGroup() as group:
        lives = [group.create_task(child.run(), name=child.name) for child in children]
        try:
            yield
        finally:
            await asyncio.gather(*(child.dismiss() for child in children))
            await asyncio.wait(lives)


async def _settle(crew: _Crew, keys: Keys, traffic: Traffic) -> float:
    """Wait until every run has ended and nothing is left over; returns when the last one ended (perf_counter)."""
    ended = time.perf_counter()
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            await asyncio.gather(*(child.wait_ready() for child in crew.children))
            await traffic.all_ended()
            ended = time.perf_counter()
            while not await _is_settled(crew.redis, keys):  # noqa: ASYNC110 - Redis sets no event of ours.
                await asyncio.sleep(SETTLED_TICK_SECONDS)
    except TimeoutError:
        log.error("Not everything has ended after %g seconds.", SETTLE_SECONDS)
        for child in crew.children:
            child.explain()
        await asyncio.sleep(EXPLAIN_SECONDS)
    return ended


async def _is_settled(redis: Redis, keys: Keys) -> bool:
    try:
        return (await read_leftovers(redis, keys, AGENTS)).settled
    except UNREACHABLE:
        return False  # The server was killed at last, and is coming back.


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    if not seconds:
        return {}
    middle = seconds[math.ceil(len(seconds) / 2) - 1]
    return {"count": len(seconds), "p50": round(middle, 3), "max": round(seconds[-1], 3)}


def _write_evidence(
    folder: Path,
    report: Report,
    records: Sequence[Record],
    judgements: Sequence[Judgement],
    recovered: Sequence[Recovery],
    leftovers: Leftovers,
) -> None:
    """The report, each run that is wrong or was slow to recover or failed without a reason, and what was left over."""
    (folder / "report.json").write_text(report.as_json())
    (folder / "leftovers.json").write_text(json.dumps(asdict(leftovers)))
    slow = [recovery for recovery in recovered if recovery.seconds > SLOW * RUN.lease_seconds]
    (folder / "slow.json").write_text(json.dumps([asdict(recovery) for recovery in slow]))
    with (folder / "runs.jsonl").open("w") as file:
        for record, judgement in zip(records, judgements, strict=True):
            failed = failed_without_reason(record)
            if not judgement.good:
                log.error("run %s: %s", record.id, "; ".join(judgement.lost + judgement.twice + judgement.otherwise))
            if failed or not judgement.good or record.id in {recovery.run for recovery in slow}:
                about = {"judgement": asdict(judgement), "failed_without_reason": failed, **asdict(record)}
                file.write(json.dumps(about) + "\n")
