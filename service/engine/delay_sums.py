"""The stored sums of payment delays: brought up to date after an import, so that the report need not measure its payments."""

import logging

from core import late_interest, payment_rules
from core.delay_rules import DelayRules
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER
from posting.delays import sum_measurement
from service.database import command_queries
from service.engine.engine_context import EngineContext
from service.terminal.processing_progress import ProgressReporter

LOG = logging.getLogger(__name__)


async def update_sums(context: EngineContext, reporter: ProgressReporter) -> None:
    """Add the debits that were not measured yet to the stored sums, so that the report of delays need not measure them.

    Where a rate is missing they are measured once it is there.
    """
    reporter.report_activity("adding up payment delays")
    folder, dsn = context.settings.reference or SAMPLE_FOLDER, context.database.dsn
    try:
        rules = DelayRules(payment_rules.load(folder).term_days, late_interest.load(folder))
        with command_queries.translate_database_errors(dsn):
            async with command_queries.connect(dsn) as connection:
                await command_queries.apply_migrations(connection)
                await sum_measurement.update_sums(connection, rules)
    except ReferenceDataError as error:
        LOG.warning("%s; the report of delays measures these payments itself until then", error)
