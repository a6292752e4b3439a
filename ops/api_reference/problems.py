"""The errors that many routes have in common."""

from gateway_backend.domain.shared import errors

COMMON_PROBLEMS = (errors.Internal, errors.StoreUnavailable, errors.AnswerTooLarge)
USER_PROBLEMS = (*COMMON_PROBLEMS, errors.NotSignedIn, errors.RequestInvalid)
BODY_PROBLEMS = (errors.BodyTooLarge,)
IDEMPOTENCY_PROBLEMS = (errors.IdempotencyKeyMissing, errors.IdempotencyKeyReused, errors.RequestInProgress)
