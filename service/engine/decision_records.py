"""Who takes a decision that the engine then carries out: proved before its work begins, and recorded before it posts."""

from core.person_decisions import Decision, StatedPerson
from posting.store import person_proof, step_persons
from posting.store.step_persons import StepContent
from service.database import command_queries
from service.engine.engine_context import EngineContext


async def prove_decider(context: EngineContext, by: StatedPerson, decision: Decision) -> None:
    """Check who decides, before any work is done for the decision.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not take it.
    """
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            await person_proof.prove_person(connection, by, decision)


async def record_decider(
    context: EngineContext, by: StatedPerson, decision: Decision, *, number: int
) -> int | None:
    """Store who decides, and how the person was proved; return the number of the proof, if there is one.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not take it.
    """
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection, connection.transaction():
            decider = await person_proof.prove_under_lock(connection, by, decision)
            return await person_proof.store_decision(connection, decider, decision.kind, number=number)


async def prepare_step(context: EngineContext, by: StatedPerson, content: StepContent) -> int:
    """Store who prepares a step of the closing; return its number.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not prepare it.
    RefusedStep
        The directory knows nobody yet.
    """
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            return await step_persons.store_preparation(connection, content, by)


async def confirm_step(context: EngineContext, by: StatedPerson, content: StepContent) -> int | None:
    """Store who confirms a step of the closing that another person prepared; return the number of the proof.

    Raises
    ------
    PersonNotProved
        The person is not proved, or may not confirm it.
    RefusedStep
        Nobody else prepared this.
    """
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            return await step_persons.confirm_step(connection, content, by)
