"""What the room above may call: announcements, the programme, emergencies."""

from schedules.announcements import AnnouncementService, AnnouncementView, VersionView
from schedules.composing import ItemView
from schedules.emergencies import EmergencyPreview, EmergencyService
from schedules.issuing import IssueRound
from schedules.languages import Lacking, Languages
from schedules.programme import ProgrammeService, ProgrammeSettings
from schedules.speaking import PreparedTemplate

__all__ = [
    "AnnouncementService",
    "AnnouncementView",
    "EmergencyPreview",
    "EmergencyService",
    "IssueRound",
    "ItemView",
    "Lacking",
    "Languages",
    "PreparedTemplate",
    "ProgrammeService",
    "ProgrammeSettings",
    "VersionView",
]
