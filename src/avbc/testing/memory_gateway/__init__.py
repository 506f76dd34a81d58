"""A Gateway in memory, to copy from: `docs/gateway.md` builds it up method by method."""

from inspect import getmembers, isfunction

from avbc.acctvantage.checks import arguments_checked
from avbc.testing.memory_gateway.importing import MemoryImportGateway
from avbc.testing.memory_gateway.whole import MemoryGateway

__all__ = ["MemoryGateway", "MemoryImportGateway"]

# Not in what is copied: a class of one's own may leave it out.
for _name, _method in getmembers(MemoryGateway, isfunction):
    setattr(MemoryGateway, _name, arguments_checked(_method))
