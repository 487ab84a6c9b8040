"""What plays when: announcements and their approval, schedules, occurrences, emergencies."""
