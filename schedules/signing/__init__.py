"""A bulletin on paper: the PDF made of it, signed with the approver's own tool, and what is found in what comes back.

Only this room's modules load fpdf2 and pyHanko; foreign bytes are read by a limited process of its own.
"""
