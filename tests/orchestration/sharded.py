"""Questions whose runs are in a certain shard."""

from orchestration import Task
from orchestration.keys import Keys, Shard
from orchestration.sharding import id_within


def in_shard(keys: Keys, shard: Shard, **more: object) -> Task:
    """A question whose run is kept there."""
    id = id_within(keys, [int(one is shard) for one in keys.shards])
    return Task.model_validate({"id": id, "question": "@garden When?", **more})


def one_in_each(keys: Keys, **more: object) -> list[Task]:
    """As many questions as there are shards."""
    return [in_shard(keys, shard, **more) for shard in keys.shards]
