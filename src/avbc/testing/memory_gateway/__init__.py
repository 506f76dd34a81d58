"""A Gateway in memory, to copy from: `docs/gateway.md` builds it up method by method."""

from avbc.testing.memory_gateway.importing import MemoryImportGateway
from avbc.testing.memory_gateway.whole import MemoryGateway

__all__ = ["MemoryGateway", "MemoryImportGateway"]
