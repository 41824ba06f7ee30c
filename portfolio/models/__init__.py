"""Tables and constraints, a file per subject."""

from portfolio.models.annotation import Note, Tag, Tagging
from portfolio.models.asking import Asking
from portfolio.models.asset import AssetRule
from portfolio.models.balance_mark import BalanceMark
from portfolio.models.checkpoint import Checkpoint
from portfolio.models.connection import Connection, PermissionAudit
from portfolio.models.daily_sum import DailySum
from portfolio.models.daily_total import DailyTotal
from portfolio.models.edit import Edit, EditPart
from portfolio.models.export import Export, ExportChunk, ExportSymbol
from portfolio.models.finding import DataGrade, Finding
from portfolio.models.imports import (
    Import,
    ImportAccount,
    ImportedRecord,
    ImportFile,
    ImportLine,
    ImportProfile,
    ImportUpload,
)
from portfolio.models.ledger import Holding, Posting, RawRecord, RawRevision, Transaction
from portfolio.models.manual_entry import ManualEntry
from portfolio.models.notice import Notice, NoticeSettings
from portfolio.models.outbound import OutboundAddress
from portfolio.models.own_price import OwnPrice
from portfolio.models.position import Position
from portfolio.models.price import (
    DailyHolding,
    DailyPrice,
    DailyValue,
    LatestPrice,
    MomentPrice,
    PriceSeries,
    ValuationState,
)
from portfolio.models.renormalisation import Renormalisation
from portfolio.models.restoration import Restoration
from portfolio.models.saved_filter import SavedFilter
from portfolio.models.sync import Coverage, Stream, SyncRun
from portfolio.models.tax import (
    BrokerForm,
    LotOffer,
    TaxChanges,
    TaxDocument,
    TaxInputs,
    TaxLine,
    TaxLineChange,
    TaxProfile,
    TaxReport,
)
from portfolio.models.tax_share import TaxShare, TaxShareOpening, TaxShareVisit, TaxShareYear
from portfolio.models.transfer import TransferLink
from portfolio.models.what_if import WhatIf, WhatIfLine
from portfolio.models.witness import WitnessConflict

__all__ = [
    "Asking",
    "AssetRule",
    "BalanceMark",
    "BrokerForm",
    "Checkpoint",
    "Connection",
    "Coverage",
    "DailyHolding",
    "DailyPrice",
    "DailySum",
    "DailyTotal",
    "DailyValue",
    "DataGrade",
    "Edit",
    "EditPart",
    "Export",
    "ExportChunk",
    "ExportSymbol",
    "Finding",
    "Holding",
    "Import",
    "ImportAccount",
    "ImportFile",
    "ImportLine",
    "ImportProfile",
    "ImportUpload",
    "ImportedRecord",
    "LatestPrice",
    "LotOffer",
    "ManualEntry",
    "MomentPrice",
    "Note",
    "Notice",
    "NoticeSettings",
    "OutboundAddress",
    "OwnPrice",
    "PermissionAudit",
    "Position",
    "Posting",
    "PriceSeries",
    "RawRecord",
    "RawRevision",
    "Renormalisation",
    "Restoration",
    "SavedFilter",
    "Stream",
    "SyncRun",
    "Tag",
    "Tagging",
    "TaxChanges",
    "TaxDocument",
    "TaxInputs",
    "TaxLine",
    "TaxLineChange",
    "TaxProfile",
    "TaxReport",
    "TaxShare",
    "TaxShareOpening",
    "TaxShareVisit",
    "TaxShareYear",
    "Transaction",
    "TransferLink",
    "ValuationState",
    "WhatIf",
    "WhatIfLine",
    "WitnessConflict",
]
